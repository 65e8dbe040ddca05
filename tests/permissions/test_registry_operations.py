"""Changing connected registries and letting them go."""

import pytest

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.models import Organization
from permissions.callers import registry_named, registry_of_service, registry_with_secret
from permissions.namespace_operations import assign_namespace
from permissions.queries import (
    namespaces_of,
    policy_of,
    stored_registry,
)
from permissions.registry_operations import (
    change_registry,
    connect_registry,
    connect_site_registry,
    disconnect_registry,
    issue_registry_credential,
)
from permissions.registry_queries import connected_registry
from tests.conftest import named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()


def actor(name: str) -> Actor:
    return Actor(name, None, named_user(name))


def connected(organization: Organization, service: str = "own", host: str = "own.example") -> str:
    return connect_registry(STAFF, organization, service=service, host=host)[1]


def settings(**changed: object) -> dict[str, object]:
    return {"host": "own.example", "upstream": "", "members_only": False, **changed}


def change(name: str, organization: Organization, **changed: object) -> None:
    change_registry(actor(name), organization, "own", **settings(**changed))  # type: ignore[arg-type]


def test_what_a_registry_is_can_be_changed_and_is_logged_with_what_changed(
    acme: Organization,
) -> None:
    connected(acme)
    version = policy_of(acme).version
    change("olivia", acme, host="Elsewhere.example:443", members_only=True)

    found = stored_registry("own")
    assert found is not None
    assert (found.host, found.members_only) == ("elsewhere.example", True)
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("registry.changed", "own")
    assert entry.before == {"host": "own.example", "members_only": False}
    assert entry.after == {"host": "elsewhere.example", "members_only": True}


def test_p3_an_unchanged_wish_changes_nothing(acme: Organization) -> None:
    connected(acme)
    before = policy_of(acme).version, entries_of(acme.pk).count()
    change("olivia", acme)
    assert (policy_of(acme).version, entries_of(acme.pk).count()) == before


def test_p1_only_owners_change_connect_and_disconnect(
    acme: Organization, globex: Organization
) -> None:
    connected(acme)
    for name in ("mel", "nina", "gus"):
        with pytest.raises(NotAllowed, match="Only owners of acme"):
            change(name, acme, members_only=True)
        with pytest.raises(NotAllowed, match="Only owners of acme"):
            disconnect_registry(actor(name), acme, "own")
    # An owner of another organization can't reach it through their own.
    with pytest.raises(Invalid, match="globex has no registry own"):
        change("gus", globex)
    with pytest.raises(Invalid, match="globex has no registry own"):
        disconnect_registry(actor("gus"), globex, "own")


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": "localhost:5001"}, "connected for the whole site already"),
        ({"host": "localhost:5000"}, "acme has connected localhost:5000 already, as acme"),
        ({"host": "docker.io"}, "Docker Hub's own names"),
        ({"host": "no host"}, "can't be a registry's host"),
        ({"upstream": "quay.io"}, "not a valid choice"),
    ],
)
def test_what_a_registry_can_not_become(
    acme: Organization, changed: dict[str, object], sentence: str
) -> None:
    connected(acme)
    with pytest.raises(Invalid, match=sentence):
        change("olivia", acme, **changed)
    found = stored_registry("own")
    assert found is not None
    assert (found.host, found.upstream) == ("own.example", "")


def test_c9_a_registry_with_namespaces_does_not_become_a_mirror(acme: Organization) -> None:
    connected(acme)
    assign_namespace(actor("olivia"), acme, "team", stored_registry("own"))
    with pytest.raises(Invalid, match="while namespaces lie on it"):
        change("olivia", acme, upstream="docker.io")


def test_disconnecting_ends_the_credential_the_tokens_and_the_namespaces(
    acme: Organization,
) -> None:
    secret = connected(acme)
    assign_namespace(actor("olivia"), acme, "team", stored_registry("own"))
    version = policy_of(acme).version
    disconnect_registry(actor("olivia"), acme, "own")

    assert registry_with_secret(secret) is None
    assert registry_named("own") is None
    assert [str(namespace) for namespace in namespaces_of(acme)] == ["docker.io/acme"]
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("registry.disconnected", "own")
    assert entry.before["namespaces"] == ["own.example/team"]
    with pytest.raises(Invalid, match="has no registry own"):
        disconnect_registry(actor("olivia"), acme, "own")


def test_a_service_name_is_never_given_to_somebody_else(
    acme: Organization, globex: Organization
) -> None:
    # The registry may run on under it, and would believe tokens that globex' rules have granted.
    connected(acme)
    disconnect_registry(STAFF, acme, "own")
    with pytest.raises(Invalid, match="had it once"):
        connected(globex)
    with pytest.raises(Invalid, match="had it once"):
        connect_site_registry(STAFF, service="own", host="wide.example")
    connected(acme)
    assert stored_registry("own") is not None


def test_a_credential_of_a_registry_that_is_gone_is_not_issued(acme: Organization) -> None:
    connected(acme)
    gone = stored_registry("own")
    assert gone is not None
    disconnect_registry(STAFF, acme, "own")
    with pytest.raises(Invalid, match="not connected any more"):
        issue_registry_credential(actor("olivia"), gone)


def test_a_registry_knows_when_clients_asked_for_its_sake(acme: Organization) -> None:
    connected(acme)
    found = connected_registry(acme, "own")
    assert found is not None
    assert found.token_asked_at is None
    registry_of_service("own")
    again = connected_registry(acme, "own")
    assert again is not None
    assert again.token_asked_at is not None
