//! What a person reads when everything is ready, once.

use std::{
    io::{self, Write},
    net::SocketAddr,
    path::Path,
};

use crate::{command::shell_word::shell_word, home::Person};

/// Writes where the kubeconfig is, who can be who, and what to type next; with the demo, where its APIs are.
pub(super) fn print(
    out: &mut dyn Write,
    kubeconfig: &Path,
    address: SocketAddr,
    people: &[Person],
    door: Option<SocketAddr>,
) -> io::Result<()> {
    writeln!(
        out,
        "Keydesk is ready on https://{address}. In another terminal:\n"
    )?;
    writeln!(
        out,
        "  export KUBECONFIG={}\n",
        shell_word(&kubeconfig.display().to_string())
    )?;
    writeln!(out, "Who you can be (kubectl --context WHO):\n")?;
    for person in people {
        writeln!(out, "  {:<16}{}", person.name, person.may)?;
    }
    writeln!(out, "\nNext, for example:\n")?;
    let next: &[&str] = if door.is_some() {
        &[
            "kubectl --context consumer apply -f examples/gamestore/3-consumer.yaml",
            "kubectl --context owner get apikeyrequests -n gamestore",
            "kubectl --context owner apply -f examples/gamestore/4-approval.yaml",
        ]
    } else {
        &[
            "kubectl get crds",
            "kubectl explain apiproduct.spec",
            "kubectl get gatewayclasses",
        ]
    };
    for command in next {
        writeln!(out, "  {command}")?;
    }
    if let Some(door) = door {
        writeln!(
            out,
            "\nThe APIs are behind http://{door}: once a key is approved, the call to try it with stands here."
        )?;
    }
    writeln!(out, "\nCtrl-C stops it; the next start has everything it had.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::{ADMIN, DEMO};

    #[test]
    fn it_names_the_kubeconfig_everybody_and_three_commands() {
        let mut out = Vec::new();
        let people: Vec<_> = [ADMIN].into_iter().chain(DEMO).collect();
        print(
            &mut out,
            Path::new("/d/kubeconfig"),
            "127.0.0.1:7443".parse().unwrap(),
            &people,
            Some("127.0.0.1:8000".parse().unwrap()),
        )
        .unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("export KUBECONFIG=/d/kubeconfig\n"), "{text}");
        assert!(
            people
                .iter()
                .all(|person| text.contains(&format!("\n  {} ", person.name))),
            "{text}"
        );
        assert_eq!(text.matches("\n  kubectl ").count(), 3, "{text}");
        assert!(text.lines().all(|line| line.len() <= 110), "{text}");
    }
}
