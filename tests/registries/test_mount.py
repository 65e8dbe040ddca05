"""What the mount does for every protocol: hosts, faults, request ids."""

import time
from collections.abc import Iterator

import httpx
import pytest
from django.core.signals import request_finished, request_started
from django.db import OperationalError

from registries import authzen, wsgi
from registries.routes import ROUTES
from tests.conftest import NewVisitor

pytestmark = pytest.mark.django_db


def test_another_host_name_is_refused(visitor: NewVisitor) -> None:
    for path, route in ROUTES.items():
        answer = visitor().request(route.methods[0], path, headers={"Host": "evil.example"})
        # To a proxy every other error than these is a fault of its own.
        to_a_proxy = path.startswith("/authz/") and "kubernetes" not in path
        assert answer.status_code == (403 if to_a_proxy else 400), path


def test_paths_work_with_and_without_a_trailing_slash(visitor: NewVisitor) -> None:
    for path in ("/auth/ca.pem", "/auth/ca.pem/", "/.well-known/authzen-configuration/"):
        assert visitor().get(path).status_code == 200


def test_head_has_no_body(visitor: NewVisitor) -> None:
    answer = visitor().head("/auth/ca.pem")
    assert answer.status_code == 200
    assert answer.content == b""
    assert int(answer.headers["content-length"]) > 100


@pytest.mark.parametrize(
    ("fault", "status"), [(OperationalError("gone"), 503), (RuntimeError("a bug"), 500)]
)
def test_a_fault_is_never_an_allow(
    visitor: NewVisitor,
    demo: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    status: int,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("permissions.queries.site_to_know", fail)
    body = {
        "subject": {"type": "user", "id": "olivia"},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": "alpine"},
    }
    bearer = {"Authorization": f"Bearer {demo['ACME_REGISTRY_TOKEN']}"}
    answer = visitor().post(authzen.EVALUATION, json=body, headers=bearer)
    assert answer.status_code == status
    assert isinstance(answer.json(), str)
    assert "gone" not in answer.text
    assert "bug" not in answer.text

    params = {"service": "acme", "scope": "repository:alpine:pull"}
    token = visitor().get("/auth/token", params=params, auth=("mel", demo["DEMO_PASSWORD"]))
    assert token.status_code == status
    assert token.json()["errors"][0]["code"] == "UNAVAILABLE"


@pytest.fixture
def heard() -> Iterator[list[str]]:
    heard: list[str] = []

    def started(**_: object) -> None:
        heard.append("started")

    def finished(**_: object) -> None:
        heard.append("finished")

    request_started.connect(started)
    request_finished.connect(finished)
    wsgi.upkeep.hasten()
    yield heard
    request_started.disconnect(started)
    request_finished.disconnect(finished)


def test_django_hears_of_requests_once_in_a_while(
    visitor: NewVisitor, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor().get("/auth/ca.pem")
    visitor().get("/auth/ca.pem")
    assert heard == ["finished", "started"]
    monkeypatch.setattr(wsgi.upkeep, "due", time.perf_counter())
    visitor().get("/auth/ca.pem")
    assert heard == ["finished", "started"] * 2


def test_django_hears_of_what_follows_a_fault(
    visitor: NewVisitor, heard: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr("registries.token.authority_certificates", fail)
        assert visitor().get("/auth/ca.pem").status_code == 503
    assert visitor().get("/auth/ca.pem").status_code == 200
    assert heard == ["finished", "started"] * 2


def test_the_site_gets_every_other_path(visitor: NewVisitor) -> None:
    answer: httpx.Response = visitor().get("/healthz")
    assert answer.json() == {"status": "ok"}


def test_request_ids_are_bounded() -> None:
    for given in ("", "a" * 129, "a\nb", "ä"):
        assert wsgi._request_id({"HTTP_X_REQUEST_ID": given}) != given
