"""What every protocol does once it knows who asks and by which rules: nothing but decide."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from orgs.actor import Actor
from registries import throttle

STAFF = Actor.site_staff()
Ask = Callable[[], httpx.Response]


def evaluation(who: str, image: str, **context: str) -> dict[str, Any]:
    return {
        "subject": {"type": "user", "id": who},
        "action": {"name": "pull"},
        "resource": {"type": "image", "id": image},
        "context": context,
    }


def authzen(client: httpx.Client, secret: str, organization: str = "acme") -> Ask:
    body = {
        "evaluations": [
            evaluation("mel", "docker.io/randomdev/tool", organization=organization),
            evaluation("olivia", "docker.io/grafana/loki", organization=organization),
            evaluation("gus", "alpine", organization=organization),
        ]
    }
    bearer = {"Authorization": f"Bearer {secret}"}

    def ask() -> httpx.Response:
        single = client.post("/access/v1/evaluation", json=body["evaluations"][0], headers=bearer)
        assert single.json()["decision"] is True, single.text
        return client.post("/access/v1/evaluations", json=body, headers=bearer)

    return ask


def token(client: httpx.Client, who: str, secret: str, service: str = "acme") -> Ask:
    scopes = ["repository:acme/app:pull", "repository:grafana/loki:pull"]
    params = {"service": service, "scope": scopes}
    return lambda: client.get("/auth/token", params=params, auth=(who, secret))


def refreshed(client: httpx.Client, secrets: dict[str, str]) -> Ask:
    params = {"service": "acme", "offline_token": "true"}
    auth = ("mel", secrets["MEL_TOKEN"])
    kept = client.get("/auth/token", params=params, auth=auth).json()["refresh_token"]
    form = {"grant_type": "refresh_token", "service": "acme", "refresh_token": kept}
    form["scope"] = "repository:acme/app:pull"
    return lambda: client.post("/auth/token", data=form)


def live_check(client: httpx.Client, secrets: dict[str, str], who: str, secret: str) -> Ask:
    headers = {
        "X-Registry-Token": secrets["ACME_REGISTRY_TOKEN"],
        "X-Original-Method": "GET",
        "X-Original-URI": "/v2/acme/app/manifests/latest",
    }
    return lambda: client.get("/authz/nginx", headers=headers, auth=(who, secret))


def angos(client: httpx.Client, secrets: dict[str, str]) -> Ask:
    headers = {
        "Authorization": f"Bearer {secrets['SITE_REGISTRY_TOKEN']}",
        "X-Registry-Action": "get-manifest",
        "X-Registry-Namespace": "acme/app",
        "X-Registry-Username": "mel",
    }
    return lambda: client.get("/authz/angos", headers=headers)


def image_review(client: httpx.Client, secrets: dict[str, str]) -> Ask:
    body = {
        "apiVersion": "imagepolicy.k8s.io/v1alpha1",
        "kind": "ImageReview",
        "spec": {"containers": [{"image": "alpine"}], "namespace": "default"},
    }
    bearer = {"Authorization": f"Bearer {secrets['CLUSTER']}"}
    return lambda: client.post("/authz/kubernetes/imagereview", json=body, headers=bearer)


WAYS: dict[str, Callable[[httpx.Client, dict[str, str]], Ask]] = {
    "authzen, own registry": lambda c, s: authzen(c, s["ACME_REGISTRY_TOKEN"]),
    "authzen, site-wide registry": lambda c, s: authzen(c, s["SITE_REGISTRY_TOKEN"]),
    "authzen, an owner": lambda c, s: authzen(c, s["OLIVIA_TOKEN"]),
    "authzen, an organization": lambda c, s: authzen(c, s["OAT"]),
    "token, password": lambda c, s: token(c, "mel", s["DEMO_PASSWORD"]),
    "token, password, site-wide": lambda c, s: token(c, "mel", s["DEMO_PASSWORD"], "hub"),
    "token, personal token": lambda c, s: token(c, "mel", s["MEL_TOKEN"]),
    "token, organization token": lambda c, s: token(c, "acme", s["OAT"]),
    "token, refresh token": refreshed,
    "nginx, password": lambda c, s: live_check(c, s, "mel", s["DEMO_PASSWORD"]),
    "nginx, personal token": lambda c, s: live_check(c, s, "mel", s["MEL_TOKEN"]),
    "angos": angos,
    "kubernetes": image_review,
}


@pytest.mark.parametrize("way", WAYS)
def test_the_steady_state_asks_neither_the_database_nor_redis(
    client: httpx.Client,
    secrets: dict[str, str],
    statements: list[str],
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    ask = WAYS[way](client, secrets)
    first = ask()
    assert first.status_code == 200, first.text
    assert statements  # it had to read them once
    statements.clear()

    def refuse(*_: object) -> bool:
        raise AssertionError("Redis was asked")

    monkeypatch.setattr(throttle, "_shared", refuse)
    for _ in range(5):
        assert ask().status_code == 200
    assert statements == []
