"""nginx with the configuration that operators take, in front of a registry that checks nobody."""

import hashlib
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests import services
from tests.clients.conftest import NewClient
from tests.clients.engines import output
from tests.clients.images import COMMUNITY, OFFICIAL, OWN, VERIFIED, write_image
from tests.clients.steps import assert_pulls, assert_refused, signed_in
from tests.clients.wires import Relay, answering
from tests.served import DemoSite, SetPolicy, required
from tests.services.process import run_to_end
from tests.services.site import CHECKOUT

MANIFEST = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
REFUSED = {
    VERIFIED: "acme does not allow verified publisher images",
    COMMUNITY: "acme does not allow community images",
}

Browse = Callable[[str], httpx.Client]


@pytest.fixture(scope="session")
def open_registry(storage: Path, images: dict[str, str]) -> Iterator[services.Registry]:
    with required(), services.registry(storage) as registry:
        yield registry


@pytest.fixture(scope="session")
def proxy(site: DemoSite, open_registry: services.Registry) -> Iterator[services.Nginx]:
    with _nginx(site, open_registry) as proxy:
        yield proxy


@pytest.fixture
def browse(site: DemoSite, proxy: services.Nginx) -> Iterator[Browse]:
    """Makes HTTP clients with a person's access token; nobody's without a name."""
    clients: list[httpx.Client] = []

    def make(person: str) -> httpx.Client:
        clients.append(_client(proxy, site, person))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@contextmanager
def _nginx(
    site: DemoSite, registry: services.Registry, *, hubadmin: str = "", credential: str = ""
) -> Iterator[services.Nginx]:
    with (
        required(),
        services.nginx(
            hubadmin=f"localhost:{site.port}",
            hubadmin_address=hubadmin or f"127.0.0.1:{site.port}",
            registry_address=f"127.0.0.1:{registry.port}",
            credential=credential or site.env["ACME_REGISTRY_TOKEN"],
        ) as proxy,
    ):
        yield proxy


def _client(proxy: services.Nginx, site: DemoSite, person: str) -> httpx.Client:
    auth = (person, site.env[f"{person.upper()}_TOKEN"]) if person else None
    return httpx.Client(base_url=proxy.url, auth=auth, headers=MANIFEST, verify=False)


def error(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, code and message as registries' clients read them."""
    assert answer.headers["content-type"] == "application/json"
    (only,) = answer.json()["errors"]
    return answer.status_code, only["code"], only["message"]


# --- With real clients ----------------------------------------------------------------------


def test_mel_pulls_what_acme_allows_and_reads_why_not_the_rest(
    site: DemoSite, proxy: services.Nginx, new_client: NewClient, set_policy: SetPolicy
) -> None:
    mel = signed_in(new_client(), proxy, site, "mel")
    set_policy(enabled=True, verified=False)

    assert_pulls(mel, proxy, OWN, OFFICIAL)
    for repository, reason in REFUSED.items():
        assert_refused(mel, f"{proxy.host}/{repository}:latest", reason)

    # The very next pull: there is no token that would have to run out.
    set_policy(enabled=False)
    assert_pulls(mel, proxy, OWN, OFFICIAL, VERIFIED, COMMUNITY)


def test_a_digest_is_refused_like_a_tag(
    site: DemoSite,
    proxy: services.Nginx,
    images: dict[str, str],
    new_client: NewClient,
    set_policy: SetPolicy,
) -> None:
    mel = signed_in(new_client(), proxy, site, "mel", site.env["MEL_TOKEN"])
    set_policy(enabled=True, verified=False)
    assert_refused(mel, f"{proxy.host}/{VERIFIED}@{images[VERIFIED]}", REFUSED[VERIFIED])


def test_only_who_may_push_does_and_the_others_read_why(
    site: DemoSite, proxy: services.Nginx, new_client: NewClient, tmp_path: Path
) -> None:
    layout = tmp_path / "layout"
    layout.mkdir()
    write_image(layout, "something new behind nginx")
    olivia = signed_in(new_client(), proxy, site, "olivia")
    mel = signed_in(new_client(), proxy, site, "mel")

    own = olivia.push(layout, f"{proxy.host}/acme/pushed-through-nginx:latest")
    assert own.returncode == 0, output(own)
    assert_pulls(mel, proxy, "acme/pushed-through-nginx")
    for client, repository in ((mel, OWN), (olivia, OFFICIAL)):
        refusal = client.push(layout, f"{proxy.host}/{repository}:latest")
        assert refusal.returncode != 0
        assert "push" in output(refusal)


def test_nobody_signs_in_with_a_wrong_password_or_pulls_without_one(
    proxy: services.Nginx, new_client: NewClient
) -> None:
    client = new_client()
    assert client.login(proxy.host, "gus", "not-the-password").returncode != 0
    assert client.pull(f"{proxy.host}/{OFFICIAL}:latest").returncode != 0


def test_nina_is_told_that_she_is_no_member(
    site: DemoSite, proxy: services.Nginx, new_client: NewClient
) -> None:
    nina = signed_in(new_client(), proxy, site, "nina")
    assert_refused(nina, f"{proxy.host}/{OFFICIAL}:latest", "You are not a member of acme")


# --- Request by request ---------------------------------------------------------------------


def test_each_request_is_decided_anew(browse: Browse, set_policy: SetPolicy) -> None:
    mel = browse("mel")
    manifest = mel.get(f"/v2/{VERIFIED}/manifests/latest").raise_for_status().json()
    layer = f"/v2/{VERIFIED}/blobs/{manifest['layers'][0]['digest']}"
    for verified in (True, False, True, False):
        set_policy(enabled=True, verified=verified)
        for path in (f"/v2/{VERIFIED}/manifests/latest", layer, f"/v2/{VERIFIED}/tags/list"):
            assert mel.get(path).status_code == (200 if verified else 403)
            assert mel.head(path.replace("/tags/list", "/manifests/latest")).status_code == (
                200 if verified else 403
            )


def test_a_refusal_is_a_registrys_error_with_the_reason(
    browse: Browse, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, verified=False)
    status, code, message = error(browse("mel").get(f"/v2/{COMMUNITY}/manifests/latest"))
    assert (status, code) == (403, "DENIED")
    assert message == (
        "acme does not allow community images. Use an official image, or ask an owner of acme "
        "for an exception."
    )
    # What a client sent is echoed within JSON, not out of it.
    echoed = error(browse("mel").get("/v2/a%22,%22b%5C/manifests/latest"))
    assert "is not valid" in echoed[2]


def test_a_head_is_refused_without_a_body(browse: Browse, set_policy: SetPolicy) -> None:
    set_policy(enabled=True)
    answer = browse("mel").head(f"/v2/{COMMUNITY}/manifests/latest")
    assert (answer.status_code, answer.content) == (403, b"")


def test_who_comes_without_credentials_is_asked_for_them(browse: Browse) -> None:
    for path in ("/v2/", f"/v2/{OFFICIAL}/manifests/latest"):
        answer = browse("").get(path)
        assert error(answer)[:2] == (401, "UNAUTHORIZED")
        assert answer.headers.get_list("www-authenticate") == ['Basic realm="Hubadmin"']
    assert browse("mel").get("/v2/").status_code == 200


def test_an_upload_goes_through_and_ends_where_it_began(
    browse: Browse, proxy: services.Nginx
) -> None:
    olivia, content = browse("olivia"), b"a layer" * 1_000_000
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    started = olivia.post(f"/v2/{OWN}/blobs/uploads/")
    assert started.status_code == 202
    assert started.headers["location"].startswith(f"{proxy.url}/v2/{OWN}/blobs/uploads/")

    assert browse("mel").patch(started.headers["location"], content=b"x").status_code == 403
    half = len(content) // 2
    more = olivia.patch(started.headers["location"], content=content[:half])
    assert more.status_code == 202
    last = httpx.URL(more.headers["location"]).copy_merge_params({"digest": digest})
    done = olivia.put(last, content=iter([content[half:]]))
    assert done.status_code == 201
    assert olivia.get(f"/v2/{OWN}/blobs/{digest}").content == content
    assert browse("mel").delete(f"/v2/{OWN}/blobs/{digest}").status_code == 403
    assert olivia.delete(f"/v2/{OWN}/blobs/{digest}").status_code == 202


def test_a_mount_takes_a_pull_of_its_source(
    browse: Browse, site: DemoSite, set_policy: SetPolicy
) -> None:
    layer = browse("olivia").get(f"/v2/{VERIFIED}/manifests/latest").json()["layers"][0]["digest"]
    start = f"/v2/{OWN}/blobs/uploads/"
    builder = browse("")
    builder.auth = httpx.BasicAuth("acme", _build_token(site))
    set_policy(enabled=True, verified=False)

    assert builder.post(start).status_code == 202
    for query in (f"mount={layer}&from={VERIFIED}", f"from={VERIFIED}&mount={layer}"):
        status, _, reason = error(builder.post(f"{start}?{query}"))
        assert (status, REFUSED[VERIFIED] in reason) == (403, True)
    encoded = f"{start}?%66rom={VERIFIED.replace('/', '%2f')}&mount={layer}"
    assert builder.post(encoded).status_code == 403
    # The same in a form, which the registry would read and a proxy doesn't.
    form = {"mount": layer, "from": VERIFIED}
    assert "form" in error(builder.post(start, data=form))[2]
    assert builder.head(f"/v2/{OWN}/blobs/{layer}").status_code == 404

    set_policy(enabled=True, verified=True)
    assert builder.post(f"{start}?mount={layer}&from={VERIFIED}").status_code == 201


def _build_token(site: DemoSite) -> str:
    """A token of acme's that may push: nobody's who owns acme, as an owner pulls everything."""
    command = ["create_organization_token", "acme", "nginx", "--scope=repo:write"]
    printed = run_to_end(
        [sys.executable, str(CHECKOUT / "manage.py"), *command], env=site.environment
    )
    return next(word for word in printed.split() if word.startswith("hubadmin_oat_"))


# --- What clients would never send ----------------------------------------------------------

SPELLINGS = [
    "/v2/bitnami%2fredis/manifests/latest",
    "/v2/bitnami%2Fredis/manifests/latest",
    "/v2/bitnami%252fredis/manifests/latest",
    "/v2/%62itnami/redis/manifests/latest",
    "/%762/bitnami/redis/manifests/latest",
    "/v2/acme/app/../../bitnami/redis/manifests/latest",
    "/v2/acme/app/%2e%2e/%2e%2e/bitnami/redis/manifests/latest",
    "/v2/acme/app/..%2f..%2fbitnami/redis/manifests/latest",
    "/x/../v2/bitnami/redis/manifests/latest",
    "/v2/./bitnami/redis/manifests/latest",
    "//v2/bitnami/redis/manifests/latest",
    "/v2//bitnami/redis/manifests/latest",
    "/v2/bitnami//redis/manifests/latest",
    "/v2/bitnami/redis/manifests/latest/",
    "/v2/bitnami/redis/manifests/latest?x=/v2/acme/app/manifests/latest",
    "/v2/bitnami/redis/manifests/latest#/v2/acme/app/manifests/latest",
    "/v2/acme/app/manifests/latest#/../../../../bitnami/redis/manifests/latest",
    "/v2/bitnami/redis/manifests/latest%00",
    "/v2/bitnami/redis/manifests/latest%3Fx",
    "/v2/bitnami\\redis/manifests/latest",
    "/v2/bitnami/redis;x=/manifests/latest",
    "https://localhost/v2/bitnami/redis/manifests/latest",
    "/v2/Bitnami/redis/manifests/latest",
    "/.hubadmin",
    "/authz/nginx",
]
HEADERS = {
    "X-Original-URI": "/v2/acme/app/manifests/latest",
    "X-Original-Method": "GET",
    "X_Original_URI": "/v2/acme/app/manifests/latest",
    "X-Forwarded-Uri": "/v2/acme/app/manifests/latest",
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Host": "elsewhere.example",
    "X-Registry-Token": "another",
    "X-Rewrite-URL": "/v2/acme/app/manifests/latest",
    "X-HTTP-Method-Override": "GET",
    "Connection": "close, X-Original-URI, X-Registry-Token, Authorization",
}


@pytest.mark.parametrize("target", SPELLINGS)
def test_no_spelling_of_a_path_gets_past_the_rules(
    target: str, proxy: services.Nginx, browse: Browse, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, verified=False)
    assert _status(proxy, "GET", target, browse("mel")) in (400, 403, 404)


def test_a_plain_path_gets_through_the_same_way(
    proxy: services.Nginx, browse: Browse, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, verified=False)
    for target in (f"/v2/{OWN}/manifests/latest", "/v2/%61cme/app/manifests/latest"):
        assert _status(proxy, "GET", target, browse("mel")) == 200


@pytest.mark.parametrize(("name", "value"), HEADERS.items(), ids=HEADERS)
def test_no_header_of_the_clients_speaks_for_nginx(
    name: str, value: str, proxy: services.Nginx, browse: Browse, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True, verified=False)
    mel = browse("mel")
    refused = _status(proxy, "GET", f"/v2/{VERIFIED}/manifests/latest", mel, f"{name}: {value}")
    assert refused == 403
    assert _status(proxy, "GET", f"/v2/{OWN}/manifests/latest", mel, f"{name}: {value}") == 200
    assert _status(proxy, "PUT", f"/v2/{OWN}/manifests/latest", mel, f"{name}: {value}") == 403


def _status(
    proxy: services.Nginx, method: str, target: str, client: httpx.Client, *headers: str
) -> int:
    """The status for a request line that no library would send."""
    assert client.auth is not None
    signed = next(client.auth.sync_auth_flow(client.build_request("GET", "/")))
    lines = [
        f"{method} {target} HTTP/1.1",
        f"Host: {proxy.host}",
        f"Authorization: {signed.headers['authorization']}",
        f"Accept: {MANIFEST['Accept']}",
        *headers,
        "",
        "",
    ]
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", proxy.port), timeout=10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall("\r\n".join(lines).encode("latin-1"))
        return int(connection.recv(64).split(b" ")[1])


# --- When Hubadmin can't be asked -----------------------------------------------------------


def test_without_hubadmin_nothing_is_allowed(
    site: DemoSite, open_registry: services.Registry
) -> None:
    path = f"/v2/{OWN}/manifests/latest"
    with (
        Relay(site.port) as relay,
        _nginx(site, open_registry, hubadmin=relay.address) as proxy,
        _client(proxy, site, "olivia") as olivia,
    ):
        assert olivia.get(path).status_code == 200
        relay.cut()
        for method in ("GET", "HEAD", "PUT", "DELETE"):
            assert olivia.request(method, path).status_code == 503
        assert error(olivia.get(path))[:2] == (503, "UNAVAILABLE")
        relay.mend()
        assert olivia.get(path).status_code == 200


@pytest.mark.parametrize("status", ["500", "503", "404", "302", "429", "400", "405", "nonsense"])
def test_any_other_answer_than_hubadmins_allows_nothing(
    status: str, site: DemoSite, open_registry: services.Registry
) -> None:
    with (
        answering(f"HTTP/1.1 {status} Word\r\nContent-Length: 0\r\n\r\n") as address,
        _nginx(site, open_registry, hubadmin=address) as proxy,
        _client(proxy, site, "olivia") as olivia,
    ):
        answer = olivia.get(f"/v2/{OWN}/manifests/latest")
        assert error(answer)[:2] == (503, "UNAVAILABLE")


def test_a_wrong_credential_of_the_registry_allows_nothing(
    site: DemoSite, open_registry: services.Registry
) -> None:
    with (
        _nginx(site, open_registry, credential="wrong") as proxy,
        _client(proxy, site, "olivia") as olivia,
    ):
        status, code, message = error(olivia.get(f"/v2/{OWN}/manifests/latest"))
    assert (status, code) == (403, "DENIED")
    assert "registry's own credential" in message
