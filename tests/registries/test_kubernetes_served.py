"""The served site, asked byte for byte as an API server asks.

An API server itself can't run here: these are the requests that its client sends (the path of the
kubeconfig with a slash at its end, `?timeout=` behind that of a webhook, its headers, Go's JSON
with the newline at its end), as its source has them.
"""

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.served import DemoSite, SetPolicy
from tests.services.process import run_to_end

CHECKOUT = Path(__file__).parents[2]
CASES = CHECKOUT / "tests" / "cases" / "kubernetes"
REASON = (
    "Refused docker.io/randomdev/tool:1: acme does not allow community images. Use an official or "
    "verified publisher image, or ask an owner of acme for an exception."
)


def manage(site: DemoSite, *arguments: str) -> str:
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    return run_to_end(command, env=site.environment).strip()


@pytest.fixture
def credential(site: DemoSite, set_policy: SetPolicy) -> Iterator[str]:
    """Of a shared cluster whose namespace `team-a` is acme's, which restricts images."""
    set_policy(enabled=True)
    secret = manage(site, "connect_cluster", "shared", "--site-wide")
    manage(site, "map_namespace", "shared", "team-a", "acme")
    yield secret
    manage(site, "unmap_namespace", "shared", "team-a")
    manage(site, "disconnect_cluster", "shared")


def ask(
    site: DemoSite, target: str, agent: str, credential: str, body: bytes
) -> tuple[int, dict[str, Any]]:
    head = (
        f"POST {target} HTTP/1.1\r\n"
        f"Host: localhost:{site.port}\r\n"
        f"User-Agent: {agent}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "Accept: application/json, */*\r\n"
        f"Authorization: Bearer {credential}\r\n"
        "Content-Type: application/json\r\n"
        "Accept-Encoding: gzip\r\n"
        "Connection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    first, _, rest = answer.partition(b"\r\n")
    return int(first.split()[1]), json.loads(rest.partition(b"\r\n\r\n")[2])


def test_an_admission_webhook(site: DemoSite, credential: str) -> None:
    target = "/authz/kubernetes/admission?timeout=5s"
    agent = "kube-apiserver-admission"
    body = (CASES / "admission-pod.json").read_bytes()
    status, answer = ask(site, target, agent, credential, body)
    assert status == 200
    assert answer["apiVersion"] == "admission.k8s.io/v1"
    assert answer["kind"] == "AdmissionReview"
    response = answer["response"]
    assert response["uid"] == json.loads(body)["request"]["uid"]
    assert response["allowed"] is False
    assert response["status"]["message"] == REASON
    allowed = body.replace(b"docker.io/randomdev/tool:1", b"docker.io/acme/app:1")
    assert ask(site, target, agent, credential, allowed)[1]["response"]["allowed"] is True
    elsewhere = allowed.replace(b'"namespace":"team-a"', b'"namespace":"team-b"')
    assert ask(site, target, agent, credential, elsewhere)[1]["response"]["allowed"] is False
    status, error = ask(site, target, agent, "", body)
    assert (status, error["kind"], error["code"]) == (401, "Status", 401)


def test_an_image_policy_webhook(site: DemoSite, credential: str) -> None:
    target = "/authz/kubernetes/imagereview/"
    agent = "kube-apiserver/v1.31.0 (linux/amd64) kubernetes/9edcffc"
    body = (CASES / "image-review.json").read_bytes()
    status, answer = ask(site, target, agent, credential, body)
    assert status == 200
    assert answer["kind"] == "ImageReview"
    assert answer["status"]["allowed"] is False
    assert answer["status"]["reason"] == REASON
    assert answer["status"]["auditAnnotations"]["rule"] == "community_restricted"
    allowed = body.replace(b"docker.io/randomdev/tool:1", b"docker.io/acme/app:1")
    assert ask(site, target, agent, credential, allowed)[1]["status"]["allowed"] is True


def test_a_changed_rule_counts_from_the_next_question_on(
    site: DemoSite, credential: str, set_policy: SetPolicy
) -> None:
    body = (CASES / "admission-pod.json").read_bytes()
    for enabled in (False, True, False, True):
        set_policy(enabled=enabled)
        _, answer = ask(site, "/authz/kubernetes/admission", "test", credential, body)
        assert answer["response"]["allowed"] is not enabled
