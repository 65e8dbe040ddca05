"""The page of an organization's Kubernetes clusters."""

import re
from collections.abc import Callable

import httpx
import pytest
import yaml

from audit.queries import entries_of
from orgs.actor import Actor, Invalid
from orgs.models import Organization
from permissions.callers import cluster_with_secret
from permissions.cluster_operations import (
    connect_cluster,
    connect_site_cluster,
    disconnect_cluster,
    issue_cluster_credential,
    map_namespace,
)
from permissions.cluster_queries import clusters_of
from registries.cluster_configuration import ways_to_ask
from registries.routes import ROUTES
from tests.conftest import post

pytestmark = pytest.mark.django_db

PAGE = "/orgs/acme/settings/clusters/"
OWN = f"{PAGE}production/"
STAFF = Actor.site_staff()
SignedIn = Callable[[str], httpx.Client]


@pytest.fixture
def own(acme: Organization) -> str:
    """A cluster of acme's; its credential."""
    return connect_cluster(STAFF, acme, "production")[1]


def secret_in(text: str) -> str:
    (found,) = set(re.findall(r"hubadmin_clu_\w+", text))
    return str(found)


def is_good(secret: str) -> bool:
    return cluster_with_secret(secret) == "production"


def send(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """Post with the token of a page that everybody has: `path` is none."""
    client.get("/accounts/password/change/")
    return client.post(path, data=fields, headers={"X-CSRFToken": client.cookies["csrftoken"]})


def test_an_owner_connects_a_cluster_and_sees_its_credential_once(
    signed_in: SignedIn, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    answer = post(olivia, PAGE, name="production")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    again = olivia.get(PAGE).text
    assert "hubadmin_clu_" not in again
    assert "never asked" in again
    assert is_good(secret_in(answer.text))
    assert "last asked" in olivia.get(PAGE).text
    assert entries_of(acme.pk)[0].actor == "olivia"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("", "This field is required."),
        ("Bad name", "lower-case"),
        ("production", "connected already"),
        ("x\x00", "Null characters"),
    ],
)
@pytest.mark.usefixtures("own")
def test_what_can_not_be_connected_is_told(signed_in: SignedIn, name: str, sentence: str) -> None:
    answer = post(signed_in("olivia"), PAGE, name=name)
    assert answer.status_code == 400
    assert sentence in answer.text


def test_a_credential_is_exchanged_without_a_gap(signed_in: SignedIn, own: str) -> None:
    olivia = signed_in("olivia")
    new = secret_in(send(olivia, f"{OWN}credential/", wish="add").text)
    assert is_good(own)
    assert is_good(new)
    assert send(olivia, f"{OWN}credential/", wish="end_old").status_code == 302
    assert (is_good(own), is_good(new)) == (False, True)
    newest = secret_in(send(olivia, f"{OWN}credential/", wish="replace").text)
    assert (is_good(new), is_good(newest)) == (False, True)
    for nonsense in ({}, {"wish": "all"}):
        assert send(olivia, f"{OWN}credential/", **nonsense).status_code == 302
    assert is_good(newest)


def test_a_cluster_is_disconnected_when_its_name_is_typed(
    signed_in: SignedIn, own: str, acme: Organization
) -> None:
    olivia = signed_in("olivia")
    connect_cluster(STAFF, acme, "second")
    for typed in ("", "Production", "second"):
        answer = send(olivia, f"{OWN}disconnect/", confirmation=typed)
        assert answer.status_code == 400
    assert "Type production, exactly" in answer.text
    assert send(olivia, f"{OWN}disconnect/", confirmation="production").status_code == 302
    assert not is_good(own)
    assert [cluster.name for cluster in clusters_of(acme)] == ["second"]
    assert send(olivia, f"{OWN}disconnect/", confirmation="production").status_code == 404


@pytest.mark.usefixtures("own")
def test_p1_members_read_without_forms(signed_in: SignedIn, acme: Organization) -> None:
    mel = signed_in("mel")
    page = mel.get(PAGE).text
    assert "production" in page
    for words in ("Connect a cluster", "Disconnect", "Exchange", 'class="btn copy"'):
        assert words not in page
    for path in (PAGE, f"{OWN}credential/", f"{OWN}disconnect/"):
        assert (
            send(mel, path, name="x", wish="replace", confirmation="production").status_code == 403
        )
    assert clusters_of(acme).count() == 1


@pytest.mark.usefixtures("own")
def test_another_organizations_clusters_do_not_exist(signed_in: SignedIn) -> None:
    gus = signed_in("gus")  # an owner of globex
    theirs = "/orgs/globex/settings/clusters/"
    assert "production" not in gus.get(theirs).text.partition("Make it ask")[0]
    for last in ("credential", "disconnect"):
        answer = send(gus, f"{theirs}production/{last}/", wish="add", confirmation="production")
        assert answer.status_code == 404
    connect_site_cluster(STAFF, "shared")
    assert send(gus, f"{theirs}shared/credential/", wish="add").status_code == 404


def test_the_namespaces_of_shared_clusters_are_shown(
    signed_in: SignedIn, acme: Organization, globex: Organization
) -> None:
    shared, _ = connect_site_cluster(STAFF, "shared")
    map_namespace(STAFF, acme, shared, "team-a")
    map_namespace(STAFF, globex, shared, "*")
    assert "team-a" in signed_in("mel").get(PAGE).text
    gus = signed_in("gus").get("/orgs/globex/settings/clusters/").text
    assert "team-a" not in gus
    assert "every namespace that no other organization answers for" in gus


def test_a_credential_of_a_cluster_that_is_gone_is_not_issued(acme: Organization) -> None:
    gone, _ = connect_cluster(STAFF, acme, "production")
    pk = gone.pk
    disconnect_cluster(STAFF, gone)
    gone.pk = pk
    with pytest.raises(Invalid, match="not connected any more"):
        issue_cluster_credential(STAFF, gone)


def test_the_files_lead_to_this_site() -> None:
    admission, review = ways_to_ask("https://iam.example.org:8443", "hubadmin_clu_secret")
    texts = {step.file.rpartition("/")[2]: step.text for step in admission.steps + review.steps}
    [user] = yaml.safe_load(texts["webhook.kubeconfig"])["users"]
    assert user["name"] == "iam.example.org:8443"
    [hook] = yaml.safe_load(
        next(step.text for step in admission.steps if "ValidatingWebhook" in step.text)
    )["webhooks"]
    [cluster] = yaml.safe_load(texts["imagereview.kubeconfig"])["clusters"]
    for url in (hook["clientConfig"]["url"], cluster["cluster"]["server"]):
        assert url.removeprefix("https://iam.example.org:8443") in ROUTES
    assert hook["name"].count(".") >= 2
    assert "hubadmin_clu_secret" in admission.steps[0].text
