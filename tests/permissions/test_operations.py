"""Changing the policy: P1 to P5, P8, P9, and what a registry or namespace may be."""

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django_scopes import scope

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization
from orgs.operations import create_organization, set_plan
from permissions.callers import registry_with_secret
from permissions.catalog_file import MalformedCatalog, read_catalog
from permissions.catalog_operations import replace_catalog
from permissions.core.catalog import Catalog, CatalogEntry, CatalogKind
from permissions.core.policy import Namespace as OwnedNamespace
from permissions.facts import organization_facts
from permissions.models import ConnectedRegistry, ImageAccessPolicy, Namespace
from permissions.namespace_operations import assign_namespace
from permissions.operations import Settings, SettingsChanged, change_policy
from permissions.plan import PlanRequired
from permissions.queries import (
    catalog_around,
    policy_of,
    site_version,
    stored_registry,
)
from permissions.registry_operations import (
    connect_registry,
    connect_site_registry,
    issue_registry_credential,
)
from tests.conftest import named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()
OFF = Settings(False, True, True, "enforce")
ON = Settings(True, True, True, "enforce")
STRICT = Settings(True, False, False, "enforce")


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


def state(organization: Organization) -> tuple[Settings, int, int, int]:
    policy = policy_of(organization)
    log = entries_of(organization.pk).count()
    return Settings.of(policy), policy.version, policy.settings_version, log


def test_p2_new_organizations_are_off_with_both_categories_allowed() -> None:
    new = create_organization(
        STAFF, name="new", display_name="", owner=named_user("nina"), plan="business"
    )
    assert Settings.of(policy_of(new)) == OFF
    assert policy_of(new).mode == "enforce"


def test_p1_only_owners_change_settings(acme: Organization) -> None:
    before = state(acme)
    for name in ("mel", "nina", "ivan"):
        with pytest.raises(NotAllowed, match="Only owners of acme"):
            change_policy(actor(name), acme, STRICT, None)
    assert state(acme) == before


def test_p3_an_unchanged_wish_changes_nothing(acme: Organization) -> None:
    before = state(acme)
    change_policy(actor("olivia"), acme, OFF, None)
    change_policy(actor("olivia"), acme, OFF, 12345)
    assert state(acme) == before


def test_p4_a_change_is_logged_with_what_changed_alone(acme: Organization) -> None:
    _, version, settings_version, log = state(acme)
    change_policy(actor("olivia"), acme, Settings(True, True, False), None)
    assert state(acme) == (
        Settings(True, True, False, "enforce"),
        version + 1,
        settings_version + 1,
        log + 1,
    )
    entry = entries_of(acme.pk)[0]
    assert (entry.actor, entry.address) == ("olivia", "198.51.100.1")
    assert entry.before == {"enabled": False, "allow_verified_publishers": True}
    assert entry.after == {"enabled": True, "allow_verified_publishers": False}


def test_p4_a_change_that_can_not_be_logged_does_not_happen(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise DatabaseError("disk full")

    before = state(acme)
    monkeypatch.setattr("orgs.transactions.record", full)
    with pytest.raises(DatabaseError), transaction.atomic():
        change_policy(actor("olivia"), acme, STRICT, None)
    assert state(acme) == before


def test_p5_who_decided_from_older_settings_is_asked_again(acme: Organization) -> None:
    seen = policy_of(acme).settings_version
    change_policy(actor("olivia"), acme, ON, seen)
    with pytest.raises(SettingsChanged) as conflict:
        change_policy(actor("olivia"), acme, STRICT, seen)
    assert Settings.of(conflict.value.current) == ON
    assert conflict.value.changed_by == "olivia"
    assert Settings.of(policy_of(acme)) == ON
    change_policy(actor("olivia"), acme, STRICT, conflict.value.current.settings_version)
    assert Settings.of(policy_of(acme)) == STRICT


def test_p5_only_the_settings_themselves_make_them_older(acme: Organization) -> None:
    seen = policy_of(acme).settings_version
    connect_registry(STAFF, acme, service="other", host="other.example")
    change_policy(actor("olivia"), acme, ON, seen)
    assert policy_of(acme).settings_version == seen + 1


def test_p8_without_the_plan_settings_stay_and_can_not_be_changed(acme: Organization) -> None:
    change_policy(actor("olivia"), acme, STRICT, None)
    set_plan(STAFF, acme, "team")
    before = state(acme)
    with pytest.raises(PlanRequired, match="Business plan"):
        change_policy(actor("olivia"), acme, OFF, None)
    assert state(acme) == before
    set_plan(STAFF, acme, "business")
    assert Settings.of(policy_of(acme)) == STRICT


def test_a_registry_is_connected_once_and_knows_its_credential(acme: Organization) -> None:
    version = policy_of(acme).version
    registry, secret = connect_registry(
        actor("olivia"), acme, service="second", host="Registry.Example:443", upstream="docker.io"
    )
    assert registry.host == "registry.example"
    found = registry_with_secret(secret)
    assert found is not None
    assert (found.service, found.organization, found.upstream_hub) == ("second", "acme", True)
    assert policy_of(acme).version == version + 1
    fresh = issue_registry_credential(actor("olivia"), registry)
    assert registry_with_secret(secret) is None
    assert registry_with_secret(fresh) is not None


@pytest.mark.parametrize(
    "host",
    [
        "docker.io",
        "INDEX.docker.io:443",
        "registry-1.docker.io",
        "registry.hub.docker.com",
        "plain",
        "host/path",
        "host:port",
        "host.example@",
        "host.example:1:2",
        "",
        "localhost:5001",  # connected for the whole site
    ],
)
def test_hosts_that_can_not_be_connected(acme: Organization, host: str) -> None:
    with pytest.raises(Invalid):
        connect_registry(STAFF, acme, service="another", host=host)
    assert stored_registry("another") is None


def test_service_names_are_unique_on_the_site(acme: Organization, globex: Organization) -> None:
    with pytest.raises(Invalid):
        connect_registry(STAFF, globex, service="acme", host="elsewhere.example")
    with pytest.raises(Invalid):
        connect_site_registry(STAFF, service="wide", host="localhost:5000")
    with pytest.raises(NotAllowed):
        connect_site_registry(actor("olivia"), service="wide", host="wide.example")
    with pytest.raises(NotAllowed):
        connect_registry(actor("mel"), acme, service="mels", host="mels.example")


def test_the_database_keeps_anonymous_pulls_to_site_wide_registries(acme: Organization) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ConnectedRegistry.objects.create(
            organization=acme, service="open", host="open.example", anonymous_pulls=True
        )


@pytest.mark.parametrize(
    "path",
    [
        "library",
        "library/x",
        "bitnami",
        "bitnami/redis",
        "grafana",
        "globex",
        "globex/inner",
        "Acme",
        "acme:tag",
        "acme/",
        "/acme",
        "a b",
        "",
        "x@sha256:" + "0" * 64,
    ],
)
def test_c9_namespaces_that_nobody_can_be_given(acme: Organization, path: str) -> None:
    with pytest.raises(Invalid):
        assign_namespace(STAFF, acme, path)


def test_c9_who_assigns_namespaces(acme: Organization, globex: Organization) -> None:
    with pytest.raises(NotAllowed):
        assign_namespace(actor("olivia"), acme, "acme-tools")
    assign_namespace(STAFF, acme, "acme-tools")
    registry, _ = connect_registry(STAFF, acme, service="own", host="own.example")
    with pytest.raises(NotAllowed):
        assign_namespace(actor("mel"), acme, "team", registry)
    assign_namespace(actor("olivia"), acme, "team", registry)
    # On its own registry even a publisher's name is an organization's to give.
    assign_namespace(actor("olivia"), acme, "bitnami", registry)
    with pytest.raises((Invalid, NotAllowed)):
        assign_namespace(actor("gus"), globex, "team", registry)
    with pytest.raises(Invalid):
        assign_namespace(STAFF, globex, "team", registry)


def test_c9_a_mirrors_host_takes_no_namespace(acme: Organization) -> None:
    with pytest.raises(Invalid, match="mirrors Docker Hub"):
        assign_namespace(STAFF, acme, "acme", stored_registry("acme"))


def test_assigning_twice_changes_nothing(acme: Organization) -> None:
    before = state(acme)
    assign_namespace(STAFF, acme, "acme")
    assert state(acme) == before


def test_the_database_keeps_one_owner_per_namespace(globex: Organization) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Namespace.objects.create(organization=globex, path="acme")
    with pytest.raises(IntegrityError), transaction.atomic():
        Namespace.objects.create(organization=globex, path="library/x")


def test_the_database_keeps_sense_in_policies(acme: Organization) -> None:
    with scope(organization=acme):
        for nonsense in ({"mode": "maybe"}, {"version": 0}):
            with pytest.raises(IntegrityError), transaction.atomic():
                ImageAccessPolicy.objects.update(**nonsense)


def test_the_catalogue_is_replaced_as_a_whole() -> None:
    before = site_version()
    entry = CatalogEntry("quay-tools", CatalogKind.VERIFIED_PUBLISHER, "Quay tools")
    replace_catalog(STAFF, Catalog((entry,)))
    assert catalog_around("quay-tools/x").entries == (entry,)
    assert catalog_around("bitnami/redis").entries == ()
    assert site_version() == before + 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"entries": [{"path": "Bad", "kind": "verified_publisher", "title": "x"}]}',
        b'{"entries": [{"path": "a", "kind": "famous", "title": "x"}]}',
        b'{"entries": [{"path": "a", "kind": "verified_publisher"}]}',
        b'{"entries": [], "more": 1}',
        (
            b'{"entries": [{"path": "a", "kind": "verified_publisher", "title": "x"},'
            b'{"path": "a", "kind": "verified_publisher", "title": "y"}]}'
        ),
    ],
)
def test_a_catalogue_file_is_right_as_a_whole_or_refused(content: bytes) -> None:
    with pytest.raises(MalformedCatalog):
        read_catalog(content)


def test_c9_a_namespace_on_an_own_registry_counts_only_there(acme: Organization) -> None:
    registry, _ = connect_registry(STAFF, acme, service="acme-ghcr", host="ghcr.io")
    assign_namespace(STAFF, acme, "randomdev", registry)
    mine = OwnedNamespace("ghcr.io", "randomdev")

    def counts(asked_by: str | None) -> bool:
        facts = organization_facts("acme", asked_by)
        assert facts is not None
        return mine in facts.namespaces

    assert counts("acme-ghcr")
    assert counts(None)
    assert not counts("acme")
    assert not counts("hub")
