// Real-cluster is the Kubernetes control plane that Keydesk's tests are checked against: etcd,
// kube-apiserver and the part of kube-controller-manager that the tests need, unmodified, in one binary.
// It runs the one of the three that its first argument names. `cargo xtask real-cluster` builds and wires them.
//
// Each process ends when its standard input does, so that none outlives the command that started it,
// however that command ended.
package main

import (
	"fmt"
	"io"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllermanager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	if len(os.Args) < 2 {
		fail("usage: real-cluster etcd DIR URL | kube-apiserver FLAGS | kube-controller-manager FLAGS")
	}
	role := os.Args[1]
	os.Args = append([]string{role}, os.Args[2:]...)
	go endWithInput()
	switch role {
	case "etcd":
		if err := etcd(os.Args[1:]); err != nil {
			fail(err)
		}
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllermanager.NewControllerManagerCommand()))
	default:
		fail("no role is named " + role)
	}
}

// etcd serves clients at args[1] from the directory args[0]. Writes are not synced to disk: the data are a test's.
func etcd(args []string) error {
	if len(args) != 2 {
		return fmt.Errorf("etcd takes a directory and a URL, not %q", args)
	}
	clients, err := url.Parse(args[1])
	if err != nil {
		return err
	}
	peers := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config := embed.NewConfig()
	config.Dir = args[0]
	config.ListenClientUrls = []url.URL{*clients}
	config.AdvertiseClientUrls = []url.URL{*clients}
	config.ListenPeerUrls = []url.URL{peers}
	config.AdvertisePeerUrls = []url.URL{peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	server, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	return <-server.Err()
}

func endWithInput() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(2)
}
