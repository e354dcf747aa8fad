# Upstream's targets, for who has them in their fingers or their scripts. What builds and tests is cargo and xtask; what
# speaks to a cluster is kubectl, which brings kustomize. See docs/guide/deploy.md.

# The image to build and to deploy.
IMG ?= keydesk:latest
PLATFORMS ?= linux/amd64,linux/arm64,linux/s390x,linux/ppc64le
# What is deployed: config/default, or an overlay of it.
DEPLOY ?= config/default

CARGO ?= cargo
KUBECTL ?= kubectl
KIND ?= kind
CONTAINER_TOOL ?= docker

KIND_CLUSTER_NAME ?= devportal-controller-local
E2E_CLUSTER_NAME ?= developer-portal-controller-test-e2e
ignore-not-found ?= false

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# $(call needs,PROGRAM,VARIABLE): ends with a sentence where a program is missing.
needs = command -v $(firstword $(1)) >/dev/null || \
	{ echo "make $@ needs $(firstword $(1)), which is not installed: install it, or name it with $(2)=…" >&2; exit 1; }
# $(call manifests,FOLDER): its objects, with the image that is meant.
manifests = $(KUBECTL) kustomize $(1) | sed -E 's~image: (controller|keydesk):latest$$~image: $(IMG)~'
# $(call create_absent,FILES): makes what is not there. What a cluster has of its own stays as it is.
create_absent = for file in $(1); do \
	$(KUBECTL) get -f $$file >/dev/null 2>&1 || $(KUBECTL) create -f $$file; done

.PHONY: all
all: build

.PHONY: help
help: ## Print this.
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { print "\n" substr($$0, 5) } \
		/^[a-z0-9-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Development

.PHONY: build
build: ## Build the program, target/release/keydesk.
	$(CARGO) build --release --locked

.PHONY: run
run: ## Run the controller here, on the cluster of your kubeconfig.
	$(CARGO) run --release --locked -- controller

.PHONY: manifests
manifests: ## Write the CRDs and roles in config, and the generated reference.
	$(CARGO) xtask generate

.PHONY: generate
generate: manifests ## The same: there is no other generated code.

.PHONY: fmt
fmt: ## Format the code.
	$(CARGO) fmt --all

.PHONY: lint
lint: ## Let clippy look at the code.
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: test
test: ## Run all tests, having set up what they need.
	$(CARGO) xtask test

.PHONY: test-real
test-real: ## Run the scenarios against a kube-apiserver that is built here (needs Go, and no containers).
	$(CARGO) xtask test --real

.PHONY: test-e2e
test-e2e: ## Run the scenarios against a kind cluster of their own.
	@$(call needs,$(KIND),KIND)
	@$(KIND) get clusters | grep -qx $(E2E_CLUSTER_NAME) || $(KIND) create cluster --name $(E2E_CLUSTER_NAME)
	@mkdir -p target
	$(KIND) get kubeconfig --name $(E2E_CLUSTER_NAME) > target/e2e.kubeconfig
	$(CARGO) xtask test --kubeconfig target/e2e.kubeconfig
	$(MAKE) cleanup-test-e2e

.PHONY: cleanup-test-e2e
cleanup-test-e2e: ## Delete that kind cluster.
	@$(call needs,$(KIND),KIND)
	$(KIND) delete cluster --name $(E2E_CLUSTER_NAME)

##@ Image

.PHONY: docker-build
docker-build: ## Build the image IMG.
	@$(call needs,$(CONTAINER_TOOL),CONTAINER_TOOL)
	$(CONTAINER_TOOL) build --build-arg REVISION=$$(git rev-parse HEAD || echo unknown) --tag $(IMG) .

.PHONY: docker-push
docker-push: ## Push the image IMG.
	@$(call needs,$(CONTAINER_TOOL),CONTAINER_TOOL)
	$(CONTAINER_TOOL) push $(IMG)

.PHONY: docker-buildx
docker-buildx: ## Build and push the image IMG for all of PLATFORMS.
	@$(call needs,$(CONTAINER_TOOL),CONTAINER_TOOL)
	$(CONTAINER_TOOL) buildx build --platform $(PLATFORMS) \
		--build-arg REVISION=$$(git rev-parse HEAD || echo unknown) --tag $(IMG) --push .

.PHONY: build-installer
build-installer: ## Write dist/install.yaml: all of DEPLOY in one file, with the image IMG.
	@$(call needs,$(KUBECTL),KUBECTL)
	@mkdir -p dist
	$(call manifests,$(DEPLOY)) > dist/install.yaml

##@ Any cluster

.PHONY: install
install: ## Install the CRDs.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(KUBECTL) apply -k config/crd

.PHONY: uninstall
uninstall: ## Remove the CRDs, and with them every object of theirs. With ignore-not-found=true, also if they are gone.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -k config/crd

.PHONY: deploy
deploy: ## Deploy the controller, with CRDs and roles, in the image IMG.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(call manifests,$(DEPLOY)) | $(KUBECTL) apply -f -

.PHONY: undeploy
undeploy: ## Remove all of that. With the CRDs every object of theirs goes.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(call manifests,$(DEPLOY)) | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

.PHONY: deploy-gate
deploy-gate: ## Deploy the gate, in the image IMG.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(call manifests,config/gate) | $(KUBECTL) apply -f -

.PHONY: undeploy-gate
undeploy-gate: ## Remove the gate, and with its namespace what it counted.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(call manifests,config/gate) | $(KUBECTL) delete --ignore-not-found=$(ignore-not-found) -f -

##@ A cluster without Gateway API and Kuadrant, to try it on

.PHONY: gateway-api-install
gateway-api-install: ## Install the CRDs of Gateway API, trimmed to what Keydesk reads, where there are none.
	@$(call needs,$(KUBECTL),KUBECTL)
	@$(call create_absent,config/foreign/gateway.networking.k8s.io_*.yaml)

.PHONY: kuadrant-core-install
kuadrant-core-install: ## Install the CRDs of Kuadrant, trimmed to what Keydesk reads, where there are none.
	@$(call needs,$(KUBECTL),KUBECTL)
	@$(call create_absent,config/foreign/*kuadrant.io_*.yaml)

.PHONY: demo-install
demo-install: ## Install the game store: gateway, route, policies and a product, with the statuses that nobody else writes.
	@$(call needs,$(KUBECTL),KUBECTL)
	$(KUBECTL) wait --for condition=Established --timeout 60s customresourcedefinitions --all >/dev/null
	for name in gamestore consumer-app; do \
		$(KUBECTL) create namespace $$name --dry-run=client -o yaml | $(KUBECTL) apply -f -; done
	$(KUBECTL) apply -f examples/base/kuadrant.yaml -f examples/gamestore/1-platform.yaml -f examples/gamestore/2-owner.yaml
	patch="$(KUBECTL) patch --namespace gamestore --subresource status --type merge"; \
		$$patch httproute gamestore --patch-file config/demo/httproute_status.yaml; \
		$$patch authpolicy gamestore-auth --patch-file config/demo/policy_status.yaml; \
		$$patch planpolicy gamestore-plan --patch-file config/demo/policy_status.yaml

.PHONY: kind-create-cluster
kind-create-cluster: ## Create the kind cluster devportal-controller-local.
	@$(call needs,$(KIND),KIND)
	$(KIND) create cluster --name $(KIND_CLUSTER_NAME)

.PHONY: kind-delete-cluster
kind-delete-cluster: ## Delete that kind cluster.
	@$(call needs,$(KIND),KIND)
	$(KIND) delete cluster --name $(KIND_CLUSTER_NAME)

.PHONY: local-cluster-setup
local-cluster-setup: ## A fresh kind cluster with all CRDs.
	$(MAKE) kind-delete-cluster
	$(MAKE) kind-create-cluster
	$(MAKE) install gateway-api-install kuadrant-core-install

.PHONY: local-env-setup
local-env-setup: ## The same, with the demo in it: what `make run` needs.
	$(MAKE) local-cluster-setup
	$(MAKE) demo-install

.PHONY: local-deploy
local-deploy: ## Build the image, load it into the kind cluster and deploy the controller.
	@$(call needs,$(KIND),KIND)
	$(MAKE) docker-build
	$(KIND) load docker-image $(IMG) --name $(KIND_CLUSTER_NAME)
	$(MAKE) deploy
	$(KUBECTL) --namespace developer-portal-controller-system rollout restart deployment
	$(KUBECTL) --namespace developer-portal-controller-system wait --timeout 300s --for condition=Available deployment --all

.PHONY: local-setup
local-setup: ## All of that: a kind cluster, the demo, and the controller in it.
	$(MAKE) local-env-setup
	$(MAKE) local-deploy
