"""The verification scripts ask Hubadmin whether the organizations exist: here the served site."""

import os
from pathlib import Path

import pytest

from enforcement.artefacts import artefact
from tests.enforcement.machine import ADMIN, LINUX, MAC, NOBODY, Machine
from tests.enforcement.test_verify_scripts import ENFORCED, UNKNOWN, WRONG, said
from tests.served import DemoSite
from tests.services import free_port

every_platform = pytest.mark.parametrize(
    ("script", "path", "group"), [("verify-linux.sh", LINUX, 0), ("verify-mac.sh", MAC, ADMIN)]
)


def asking(machine: Machine, site: DemoSite, token: str, url: str = "") -> list[str]:
    """The words that make a script ask, with a file of the token that only its user reads."""
    file = Path(machine.root.parent / "token")
    file.write_text(site.env.get(token, token) + "\n")
    file.chmod(0o600)
    os.chown(file, NOBODY, NOBODY)
    return ["--hubadmin", url or site.url, "--token-file", str(file)]


@every_platform
@pytest.mark.parametrize("as_root", [True, False])
def test_organizations_that_exist(
    machine: Machine, site: DemoSite, script: str, path: str, group: int, as_root: bool
) -> None:
    machine.put(path, artefact("registry.json", ["acme"]).body, group=group)
    words = asking(machine, site, "ACME_REGISTRY_TOKEN", f"{site.url}/")

    lines = said(machine.run(script, *words, as_root=as_root), 0)
    assert lines[-2:] == [f"   {site.url} knows them.", ENFORCED]


@every_platform
def test_one_that_does_not(
    machine: Machine, site: DemoSite, script: str, path: str, group: int
) -> None:
    """Even where the file is the very one that was rolled out."""
    names = ("acme", "acne")
    machine.put(path, artefact("registry.json", names).body, group=group)
    words = asking(machine, site, "ACME_REGISTRY_TOKEN")

    lines = said(machine.run(script, *words, organizations=names), 2, f"{site.url} says: No ")
    assert "called acne at Docker Hub" in lines[-2]
    assert lines[-1] == WRONG


def test_a_site_wide_credential_knows_them_all(machine: Machine, site: DemoSite) -> None:
    names = ("globex", "acme")
    machine.put(LINUX, artefact("registry.json", names).body)
    said(
        machine.run(
            "verify-linux.sh", *asking(machine, site, "SITE_REGISTRY_TOKEN"), organizations=names
        ),
        0,
        "knows them.",
    )
    said(
        machine.run(
            "verify-linux.sh", *asking(machine, site, "ACME_REGISTRY_TOKEN"), organizations=names
        ),
        2,
        "called globex at Docker Hub",
    )


def test_names_from_the_file_stay_names(machine: Machine, site: DemoSite) -> None:
    """Quotes, backslashes and globs from a user's file don't turn the question into another one."""
    machine.put(LINUX, rb'{"allowedOrgs":["acme\"],\"x\":[\"","*","\\"]}')
    said(machine.run("verify-linux.sh", *asking(machine, site, "ACME_REGISTRY_TOKEN")), 2)


@pytest.mark.parametrize(
    ("token", "url", "words"),
    [
        ("wrong", "", "did not answer:"),
        ("ACME_REGISTRY_TOKEN", "http://localhost:{port}", "did not answer:"),
        ("ACME_REGISTRY_TOKEN", "no address", "did not answer:"),
        ("ACME_REGISTRY_TOKEN", "{site}/healthz", "did not answer:"),
    ],
)
def test_without_an_answer_it_is_not_known(
    machine: Machine, site: DemoSite, token: str, url: str, words: str
) -> None:
    machine.put(LINUX, artefact("registry.json", ["acme"]).body)
    asked = asking(machine, site, token, url.format(port=free_port(), site=site.url))

    lines = said(machine.run("verify-linux.sh", *asked), 4, words)
    assert lines[-1] == UNKNOWN
    assert site.env["ACME_REGISTRY_TOKEN"] not in "".join(lines)


def test_nothing_is_asked_where_nothing_is_there(machine: Machine, site: DemoSite) -> None:
    lines = said(machine.run("verify-linux.sh", *asking(machine, site, "wrong")), 1)
    assert lines[0] == "1. registry.json: not there."
