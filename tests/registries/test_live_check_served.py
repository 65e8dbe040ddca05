"""The live checks as bytes on a connection, at the served site: what proxies really send."""

import base64
import socket

import pytest

from tests.served import DemoSite, SetPolicy

ALLOWED = [
    ("GET", "/v2/"),
    ("GET", "/v2/acme/app/manifests/latest"),
    ("HEAD", "/v2/%61cme/app/manifests/latest"),
    ("GET", "/v2/library%2falpine/manifests/latest"),  # decoded once, as a registry does
    ("GET", "/v2/acme/app/blobs/sha256%3A00"),
]
REFUSED = [
    ("GET", "/v2/bitnami/redis/manifests/latest"),
    ("HEAD", "/v2/bitnami/redis/manifests/latest"),
    ("GET", "/v2/bitnami%2fredis/manifests/latest"),
    ("GET", "/v2/%62itnami/redis/manifests/latest"),
    ("GET", "/v2/acme%252fapp/manifests/latest"),
    ("GET", "/v2/acme/app/%2e%2e/%2e%2e/acme/app/manifests/latest"),
    ("GET", "/v2/acme/../acme/app/manifests/latest"),
    ("GET", "/v2//acme/app/manifests/latest"),
    ("GET", "//v2/acme/app/manifests/latest"),
    ("GET", "/../nginx"),
    ("GET", "/v2/acme/app/manifests/latest%0d%0aX-Registry-Token:x"),
    ("GET", "/v2/%c3%a4/app/manifests/latest"),
    ("PUT", "/v2/acme/app/manifests/latest"),
    ("POST", "/v2/acme/app/blobs/uploads/?mount=sha256:00&from=bitnami/redis"),
    ("OPTIONS", "/v2/"),
    ("PROPFIND", "/v2/"),
]


@pytest.fixture(autouse=True)
def _restricted(set_policy: SetPolicy) -> None:
    set_policy(enabled=True, verified=False)


def _sent(site: DemoSite, method: str, target: str, *headers: str) -> int:
    """The status for a request with Mel's credentials and the registry's."""
    credentials = base64.b64encode(f"mel:{site.env['MEL_TOKEN']}".encode()).decode()
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: localhost:{site.port}",
        f"Authorization: Basic {credentials}",
        f"X-Registry-Token: {site.env['ACME_REGISTRY_TOKEN']}",
        "Content-Length: 0",
        *headers,
    ]
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        return int(connection.recv(64).split(b" ")[1])


@pytest.mark.parametrize(("method", "target"), ALLOWED)
def test_envoy_hears_yes(site: DemoSite, method: str, target: str) -> None:
    assert _sent(site, method, f"/authz/envoy{target}") == 200


@pytest.mark.parametrize(("method", "target"), REFUSED)
def test_envoy_hears_no(site: DemoSite, method: str, target: str) -> None:
    assert _sent(site, method, f"/authz/envoy{target}") in (400, 403, 404, 405)


@pytest.mark.parametrize(("method", "target"), [*ALLOWED, *REFUSED])
def test_nginx_and_traefik_are_answered_alike(site: DemoSite, method: str, target: str) -> None:
    original = (f"X-Original-Method: {method}", f"X-Original-URI: {target}")
    forwarded = (
        f"X-Forwarded-Method: {method}",
        f"X-Forwarded-Uri: {target}",
        "X-Forwarded-Host: registry.example.com",
        "X-Forwarded-For: 192.0.2.1",
        "X-Forwarded-Proto: https",
    )
    # Where the target comes as it was sent, an encoded slash is refused.
    allowed = (method, target) in ALLOWED and "%2f" not in target
    assert _sent(site, "GET", "/authz/nginx", *original) == (200 if allowed else 403)
    assert _sent(site, "GET", "/authz/traefik", *forwarded) == (200 if allowed else 403)


@pytest.mark.parametrize(
    ("action", "namespace", "status"),
    [
        ("get-manifest", "acme/app", 200),
        ("get-manifest", "bitnami/redis", 403),
        ("start-upload", "acme/app", 403),
        ("get-api-version", "", 200),
    ],
)
def test_angos_is_answered(site: DemoSite, action: str, namespace: str, status: int) -> None:
    headers = [
        f"Authorization: Bearer {site.env['ACME_REGISTRY_TOKEN']}",
        f"X-Registry-Action: {action}",
        "X-Registry-Username: mel",
        "X-Forwarded-Method: GET",
        "X-Forwarded-Uri: https://registry.example.com/v2/",
        *([f"X-Registry-Namespace: {namespace}"] if namespace else []),
    ]
    lines = ["GET /authz/angos HTTP/1.1", f"Host: localhost:{site.port}", *headers]
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert int(connection.recv(64).split(b" ")[1]) == status
