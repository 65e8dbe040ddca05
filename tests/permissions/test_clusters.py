"""Connecting Kubernetes clusters, and who answers for their namespaces (D16)."""

from datetime import UTC, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization
from orgs.secrets import SecretKind, kind_of
from permissions.callers import cluster_with_secret
from permissions.cluster_models import ClusterNamespace, ConnectedCluster
from permissions.cluster_operations import (
    connect_cluster,
    connect_site_cluster,
    disconnect_cluster,
    end_old_cluster_credentials,
    issue_cluster_credential,
    map_namespace,
    unmap_namespace,
)
from permissions.cluster_queries import (
    clusters_of,
    namespaces_at,
    stored_cluster,
)
from permissions.core.facts import Standing
from permissions.facts import organization_at
from permissions.known import CLUSTER_NAMESPACE
from permissions.queries import policy_of, site_version
from permissions.reading import known
from tests.conftest import named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


@pytest.fixture
def shared() -> ConnectedCluster:
    cluster, _ = connect_site_cluster(STAFF, "shared")
    return cluster


def test_an_owner_connects_a_cluster_that_its_credential_tells(acme: Organization) -> None:
    version = policy_of(acme).version
    cluster, secret = connect_cluster(actor("olivia"), acme, "production")
    assert kind_of(secret) is SecretKind.CLUSTER
    assert cluster_with_secret(secret) == "production"
    assert list(clusters_of(acme)) == [cluster]
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.actor, entry.target) == (
        "cluster.connected",
        "olivia",
        "production",
    )


def test_nobody_else_connects_one(acme: Organization, shared: ConnectedCluster) -> None:
    for name in ("mel", "nina", "ivan"):
        with pytest.raises(NotAllowed, match="Only owners of acme"):
            connect_cluster(actor(name), acme, "mine")
    with pytest.raises(NotAllowed, match="Only site staff"):
        connect_site_cluster(actor("olivia"), "wide")
    with pytest.raises(NotAllowed, match="Only site staff"):
        issue_cluster_credential(actor("olivia"), shared)
    with pytest.raises(NotAllowed, match="Only site staff"):
        disconnect_cluster(actor("olivia"), shared)
    with pytest.raises(NotAllowed, match="Only site staff"):
        map_namespace(actor("olivia"), acme, shared, "team-a")
    with pytest.raises(NotAllowed, match="Only site staff"):
        unmap_namespace(actor("olivia"), acme, shared, "team-a")


def test_a_name_is_given_once(acme: Organization, shared: ConnectedCluster) -> None:
    with pytest.raises(Invalid, match="connected already"):
        connect_cluster(actor("olivia"), acme, "shared")
    with pytest.raises(Invalid, match="lower-case"):
        connect_cluster(actor("olivia"), acme, "Production\n")
    assert list(clusters_of(acme)) == []


def test_a_fresh_credential_ends_the_others_unless_they_are_kept(acme: Organization) -> None:
    cluster, first = connect_cluster(STAFF, acme, "production")
    second = issue_cluster_credential(actor("olivia"), cluster, keep_old=True)
    assert cluster_with_secret(first) == cluster_with_secret(second) == "production"
    third = issue_cluster_credential(actor("olivia"), cluster)
    assert [cluster_with_secret(one) for one in (first, second, third)] == [
        None,
        None,
        "production",
    ]
    with pytest.raises(NotAllowed):
        issue_cluster_credential(actor("mel"), cluster)


def test_a_credential_is_exchanged_without_a_moment_without_one(acme: Organization) -> None:
    cluster, old = connect_cluster(STAFF, acme, "production")
    new = issue_cluster_credential(actor("olivia"), cluster, keep_old=True)
    with pytest.raises(NotAllowed):
        end_old_cluster_credentials(actor("mel"), cluster)
    assert cluster_with_secret(old) == "production"
    assert end_old_cluster_credentials(actor("olivia"), cluster) == 1
    assert cluster_with_secret(old) is None
    assert cluster_with_secret(new) == "production"
    log = entries_of(acme.pk).count()
    assert end_old_cluster_credentials(actor("olivia"), cluster) == 0
    assert entries_of(acme.pk).count() == log


def test_a_secret_that_is_none_of_ours_is_nobodys(demo: dict[str, str]) -> None:
    for secret in ("", "x", "\x00", demo["ACME_REGISTRY_TOKEN"], demo["OLIVIA_TOKEN"]):
        assert cluster_with_secret(secret) is None


def test_an_organizations_cluster_is_its_own_in_every_namespace(
    acme: Organization, globex: Organization
) -> None:
    cluster, _ = connect_cluster(STAFF, acme, "production")
    assert organization_at("production", "anything") == "acme"
    with pytest.raises(Invalid, match="belongs to acme"):
        map_namespace(STAFF, globex, cluster, "team-a")
    subject = known(CLUSTER_NAMESPACE, "production/anything")
    assert subject is not None
    assert subject.live
    assert subject.standings == {"acme": Standing(is_owner=False, can_push=False)}


def test_namespaces_of_a_shared_cluster_are_mapped_by_exact_name(
    acme: Organization, globex: Organization, shared: ConnectedCluster
) -> None:
    version = policy_of(acme).version
    map_namespace(STAFF, acme, shared, "team-a")
    assert policy_of(acme).version == version + 1
    assert entries_of(acme.pk)[0].target == "shared/team-a"
    assert organization_at("shared", "team-a") == "acme"
    for other in ("team", "team-a-b", "team-", "*", "", "TEAM-A", "team-a\n", "team-a\x00"):
        assert organization_at("shared", other) is None
    map_namespace(STAFF, globex, shared, "*")
    assert organization_at("shared", "team-a") == "acme"
    assert organization_at("shared", "team-b") == "globex"
    for other in ("*", "", "Team", "team-a\n", "x" * 64):
        assert organization_at("shared", other) is None
    assert organization_at("elsewhere", "team-a") is None


def test_mapping_again_changes_nothing_and_mapping_away_is_refused(
    acme: Organization, globex: Organization, shared: ConnectedCluster
) -> None:
    first = map_namespace(STAFF, acme, shared, "team-a")
    version, log = policy_of(acme).version, entries_of(acme.pk).count()
    assert map_namespace(STAFF, acme, shared, "team-a") == first
    with pytest.raises(Invalid, match="acme answers for shared/team-a already"):
        map_namespace(STAFF, globex, shared, "team-a")
    assert (policy_of(acme).version, entries_of(acme.pk).count()) == (version, log)
    unmap_namespace(STAFF, acme, shared, "team-a")
    assert (policy_of(acme).version, entries_of(acme.pk).count()) == (version + 1, log + 1)
    assert organization_at("shared", "team-a") is None
    map_namespace(STAFF, globex, shared, "team-a")
    with pytest.raises(Invalid, match="acme does not answer"):
        unmap_namespace(STAFF, acme, shared, "team-a")
    assert organization_at("shared", "team-a") == "globex"


@pytest.mark.parametrize("namespace", ["", "A", "a_b", "-a", "a-", "a.b", "a*", "x" * 64, "a\n"])
def test_what_kubernetes_could_not_call_a_namespace_is_refused(
    acme: Organization, shared: ConnectedCluster, namespace: str
) -> None:
    with pytest.raises(Invalid, match="can't be a Kubernetes namespace"):
        map_namespace(STAFF, acme, shared, namespace)


def test_a_cluster_is_disconnected_when_nothing_is_mapped(
    acme: Organization, shared: ConnectedCluster
) -> None:
    secret = issue_cluster_credential(STAFF, shared)
    map_namespace(STAFF, acme, shared, "team-a")
    with pytest.raises(Invalid, match="acme still answers for shared/team-a"):
        disconnect_cluster(STAFF, shared)
    unmap_namespace(STAFF, acme, shared, "team-a")
    before = site_version()
    disconnect_cluster(STAFF, shared)
    assert site_version() == before + 1
    assert cluster_with_secret(secret) is None
    assert stored_cluster("shared") is None
    own, secret = connect_cluster(STAFF, acme, "own")
    with pytest.raises(NotAllowed):
        disconnect_cluster(actor("mel"), own)
    disconnect_cluster(actor("olivia"), own)
    assert cluster_with_secret(secret) is None
    assert entries_of(acme.pk)[0].action == "cluster.disconnected"


def test_the_database_keeps_nonsense_out(
    acme: Organization, globex: Organization, shared: ConnectedCluster
) -> None:
    map_namespace(STAFF, acme, shared, "team-a")
    nonsense = [
        (globex, {"cluster": shared, "namespace": "team-a"}),
        (globex, {"cluster": shared, "namespace": "Team"}),
        (globex, {"cluster": shared, "namespace": ""}),
    ]
    for organization, values in nonsense:
        with pytest.raises(IntegrityError), transaction.atomic(), scope(organization=organization):
            ClusterNamespace.objects.create(organization=organization, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectedCluster.objects.create(organization=acme, name="No Name")


def test_a_tenants_clusters_are_not_found_without_the_tenant(
    acme: Organization, globex: Organization, shared: ConnectedCluster
) -> None:
    connect_cluster(STAFF, acme, "production")
    map_namespace(STAFF, acme, shared, "team-a")
    assert list(clusters_of(globex)) == []
    for model in (ConnectedCluster, ClusterNamespace):
        with pytest.raises(ScopeError):
            model.objects.count()
        with scope(organization=globex):
            assert model.objects.count() == 0
    assert [str(one) for one in namespaces_at(shared)] == ["shared/team-a"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_site_staff_do_all_that_at_the_command_line() -> None:
    secret = run("connect_cluster", "shared", "--site-wide")
    assert cluster_with_secret(secret) == "shared"
    assert run("map_namespace", "shared", "team-a", "acme") == "acme answers for shared/team-a."
    assert run("map_namespace", "shared", "*", "globex") == "globex answers for shared/*."
    assert run("list_namespaces", "shared").splitlines() == ["*\tglobex", "team-a\tacme"]
    kept = run("rotate_cluster_credential", "shared", "--keep-old")
    assert "1 of shared's credentials ended" in run(
        "rotate_cluster_credential", "shared", "--end-old"
    )
    assert cluster_with_secret(kept) == "shared"
    fresh = run("rotate_cluster_credential", "shared")
    assert [cluster_with_secret(one) for one in (secret, kept, fresh)] == [
        None,
        None,
        "shared",
    ]
    assert run("unmap_namespace", "shared", "team-a") == "acme answers for shared/team-a no more."
    run("unmap_namespace", "shared", "*")
    assert run("disconnect_cluster", "shared") == "shared is disconnected."
    run("connect_cluster", "production", "--organization", "acme")
    assert run("list_namespaces", "production") == "acme answers for every namespace."
    run("verify_audit_log")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("connect_cluster", "Bad", "--site-wide"), "lower-case"),
        (("connect_cluster", "new", "--organization", "nowhere"), "no organization nowhere"),
        (("map_namespace", "none", "team-a", "acme"), "No cluster none is connected"),
        (("map_namespace", "shared", "team-a", "nowhere"), "no organization nowhere"),
        (("map_namespace", "shared", "Team", "acme"), "can't be a Kubernetes namespace"),
        (("unmap_namespace", "shared", "team-a"), "No organization answers for shared/team-a"),
        (("rotate_cluster_credential", "none"), "No cluster none is connected"),
        (("disconnect_cluster", "none"), "No cluster none is connected"),
        (("list_namespaces", "\x00"), "No cluster"),
    ],
)
def test_commands_say_in_a_sentence_what_they_refuse(
    shared: ConnectedCluster, command: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*command)
