"""Changing who somebody is: the rules that hold, and the nets under them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope
from django_scopes.exceptions import ScopeError

from audit.queries import entries_of
from orgs import operations
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.deletion_operations import ask_for_deletion, go_on_with_deletion
from orgs.member_operations import add_member, remove_members, take_out_of_team
from orgs.models import Membership, Name, Organization, Team, TeamMembership, User
from orgs.operations import (
    change_profile,
    create_organization,
    create_user,
    deactivate_user,
    reactivate_user,
    set_plan,
)
from orgs.queries import (
    is_owner,
    member_of,
    organization_named,
    organization_seen_by,
    owned_organizations,
)
from orgs.team_operations import create_team
from permissions.queries import policy_of
from tests.conftest import named_organization, named_user

STAFF = Actor.site_staff()

pytestmark = pytest.mark.django_db


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


@pytest.mark.parametrize(
    "name", ["a", "Acme", "acme-", "-acme", "a--b", "a_-b", "a.b", "é2", "a" * 31, "acme\n", ""]
)
def test_names_that_are_none_are_refused(name: str) -> None:
    with pytest.raises(Invalid):
        create_user(STAFF, username=name, email="x@example.com", password=None)
    with pytest.raises(Invalid):
        create_organization(STAFF, name=name, display_name="X", owner=named_user("olivia"))


@pytest.mark.parametrize("name", ["ab", "a-b", "a_b", "0a", "a" * 30])
def test_names_that_are_some_are_taken(name: str) -> None:
    create_user(STAFF, username=name, email="x@example.com", password=None)
    assert Name.objects.filter(name=name).exists()


def test_users_and_organizations_share_one_space_of_names() -> None:
    with pytest.raises(Invalid, match="name is taken"):
        create_user(STAFF, username="acme", email="x@example.com", password=None)
    with pytest.raises(Invalid, match="name is taken"):
        create_organization(STAFF, name="mel", display_name="", owner=named_user("olivia"))


def test_a_name_is_never_reissued() -> None:
    User.objects.filter(username="nina").delete()
    with pytest.raises(Invalid, match="name is taken"):
        create_user(STAFF, username="nina", email="x@example.com", password=None)


def test_the_database_keeps_names_where_code_does_not() -> None:
    with pytest.raises(DatabaseError), transaction.atomic():
        Name.objects.filter(name="mel").delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        User.objects.filter(username="mel").update(username="melanie")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(username="NotLower", email="x@example.com")


def test_the_last_owner_stays(acme: Organization) -> None:
    olivia = named_user("olivia")
    ways_to_leave: list[Callable[[], object]] = [
        lambda: remove_members(actor("olivia"), acme, ["olivia"]),
        lambda: take_out_of_team(actor("olivia"), acme, "owners", ["olivia"]),
        lambda: deactivate_user(STAFF, olivia),
    ]
    for leave in ways_to_leave:
        with pytest.raises(Invalid, match="without an active owner"):
            leave()
        assert is_owner(acme, named_user("olivia"))
        assert named_user("olivia").is_active


def test_an_owner_may_go_when_another_stays(acme: Organization) -> None:
    add_member(actor("olivia"), acme, named_user("mel"), teams=["owners"])
    remove_members(actor("olivia"), acme, ["olivia"])
    assert not is_owner(acme, named_user("olivia"))
    assert is_owner(acme, named_user("mel"))


def test_a_deactivated_owner_does_not_count(acme: Organization) -> None:
    add_member(STAFF, acme, named_user("mel"), teams=["owners"])
    deactivate_user(STAFF, named_user("mel"))
    with pytest.raises(Invalid):
        remove_members(STAFF, acme, ["olivia"])


def test_the_database_keeps_an_owner_where_code_does_not(acme: Organization) -> None:
    with pytest.raises(IntegrityError, match="no active owner"), transaction.atomic():
        with scope(organization=acme):
            TeamMembership.objects.filter(team__is_owners=True).delete()
        connection.check_constraints()
    with pytest.raises(IntegrityError, match="no active owner"), transaction.atomic():
        User.objects.filter(username="olivia").update(is_active=False)
        connection.check_constraints()


def test_the_database_keeps_a_team_to_its_own_organization(
    acme: Organization, globex: Organization
) -> None:
    with scope(organization=globex):
        foreign = Membership.objects.get(user=named_user("gus"))
    with scope(organization=acme):
        owners = Team.objects.get(is_owners=True)
        with pytest.raises(IntegrityError), transaction.atomic():
            TeamMembership.objects.create(organization=acme, team=owners, membership=foreign)
            connection.check_constraints()


def test_a_query_outside_an_organization_fails_instead_of_leaking(acme: Organization) -> None:
    for manager in (Team.objects, Membership.objects, acme.teams):
        with pytest.raises(ScopeError):
            manager.count()
    with scope(organization=acme):
        assert {team.organization for team in Team.objects.all()} == {acme}


def test_deactivated_users_are_nobodys_members(acme: Organization) -> None:
    mel = named_user("mel")
    deactivate_user(STAFF, mel)
    assert organization_seen_by(named_user("mel"), "acme") is None
    reactivate_user(STAFF, named_user("mel"))
    assert organization_seen_by(named_user("mel"), "acme") == acme


def test_deactivated_owners_own_nothing(globex: Organization) -> None:
    add_member(STAFF, globex, named_user("mel"), teams=["owners"])
    deactivate_user(STAFF, named_user("gus"))
    assert owned_organizations(named_user("gus")) == []
    assert not is_owner(globex, named_user("gus"))


def test_members_change_nothing(acme: Organization) -> None:
    mel, nina = actor("mel"), named_user("nina")
    for change in (
        lambda: add_member(mel, acme, nina),
        lambda: remove_members(mel, acme, ["olivia"]),
        lambda: take_out_of_team(mel, acme, "owners", ["olivia"]),
        lambda: create_team(mel, acme, "research"),
        lambda: change_profile(mel, acme, display_name="Mine", docker_organization="mine"),
        lambda: set_plan(mel, acme, "free"),
        lambda: deactivate_user(mel, nina),
        lambda: create_organization(mel, name="mels", display_name="", owner=named_user("mel")),
    ):
        before = entries_of(acme.pk).count()
        with pytest.raises(NotAllowed):
            change()
        assert entries_of(acme.pk).count() == before


def test_owners_of_another_organization_change_nothing_here(acme: Organization) -> None:
    with pytest.raises(NotAllowed):
        add_member(actor("ivan"), acme, named_user("ivan"), teams=["owners"])


def test_whatever_can_change_decisions_raises_the_policy_version(acme: Organization) -> None:
    olivia, nina = actor("olivia"), named_user("nina")
    for change in (
        lambda: create_team(olivia, acme, "research", can_push=True),
        lambda: add_member(olivia, acme, nina),
        lambda: add_member(olivia, acme, nina, teams=["research"]),
        lambda: take_out_of_team(olivia, acme, "research", ["nina"]),
        lambda: remove_members(olivia, acme, ["nina"]),
        lambda: deactivate_user(STAFF, named_user("mel")),
        lambda: reactivate_user(STAFF, named_user("mel")),
        lambda: set_plan(STAFF, acme, "free"),
    ):
        before = policy_of(acme).version
        change()
        assert policy_of(acme).version == before + 1


def test_what_changes_nothing_is_not_logged(acme: Organization) -> None:
    before = entries_of(acme.pk).count(), policy_of(acme).version
    add_member(STAFF, acme, named_user("mel"))
    set_plan(STAFF, acme, "business")
    remove_members(STAFF, acme, ["nina"])
    take_out_of_team(STAFF, acme, "owners", ["mel"])
    reactivate_user(STAFF, named_user("mel"))
    change_profile(STAFF, acme, display_name=acme.display_name, docker_organization="acme")
    assert (entries_of(acme.pk).count(), policy_of(acme).version) == before


def test_the_name_at_docker_hub_is_never_another_organizations(acme: Organization) -> None:
    with pytest.raises(Invalid, match="another organization"):
        change_profile(STAFF, acme, display_name="Acme", docker_organization="globex")
    change_profile(STAFF, acme, display_name="Acme", docker_organization="acme-at-hub")
    with pytest.raises(Invalid, match="Docker Hub"):
        create_organization(STAFF, name="acme-at-hub", display_name="", owner=named_user("ivan"))
    assert named_organization("acme").docker_organization == "acme-at-hub"


def test_the_name_at_docker_hub_is_no_deleted_organizations(
    acme: Organization, globex: Organization
) -> None:
    ask_for_deletion(STAFF, globex)
    assert go_on_with_deletion(STAFF, globex, timezone.now() + timedelta(days=1_000))
    with pytest.raises(Invalid, match="another organization"):
        change_profile(STAFF, acme, display_name="Acme", docker_organization="globex")


def test_the_name_at_docker_hub_may_be_somebodys_user_name(acme: Organization) -> None:
    change_profile(STAFF, acme, display_name="Acme", docker_organization="mel")
    change_profile(STAFF, acme, display_name="Acme", docker_organization="acme")


def test_the_log_says_who_did_what_from_where(acme: Organization) -> None:
    add_member(actor("olivia"), acme, named_user("nina"), teams=["owners"])
    entry = entries_of(acme.pk)[0]
    assert (entry.actor, entry.address) == ("olivia", "198.51.100.1")
    assert (entry.action, entry.target) == ("member.added", "nina")
    assert entry.after == {"joined": ["owners"]}


def test_membership_can_be_looked_up_only_in_its_organization(
    acme: Organization, globex: Organization
) -> None:
    with scope(organization=acme):
        assert member_of(acme, "mel") is not None
    with scope(organization=globex):
        assert member_of(globex, "mel") is None


def test_an_organization_needs_an_owner_who_is_active() -> None:
    deactivate_user(STAFF, named_user("nina"))
    with pytest.raises(Invalid, match="without an active owner"):
        create_organization(STAFF, name="empty", display_name="", owner=named_user("nina"))
    assert organization_named("empty") is None


def test_addresses_that_differ_only_in_case_are_one() -> None:
    zoe = create_user(STAFF, username="zoe", email="Zoe@Example.com", password=None)
    assert zoe.email == "zoe@example.com"
    with pytest.raises(Invalid, match="Another user has this e-mail address"):
        create_user(STAFF, username="zoe2", email="ZOE@example.COM", password=None)


def test_a_user_who_joins_while_being_deactivated_is_logged_there_too(
    globex: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[list[Organization]] = []
    look = operations._lock_organizations_of

    def too_early_at_first(user: User) -> list[Organization]:
        looks.append(look(user) if looks else [])
        return looks[-1]

    add_member(STAFF, globex, named_user("nina"))
    monkeypatch.setattr(operations, "_lock_organizations_of", too_early_at_first)
    deactivate_user(STAFF, named_user("nina"))
    assert len(looks) == 2
    newest = entries_of(globex.pk).first()
    assert newest is not None
    assert (newest.action, newest.target) == ("user.deactivated", "nina")
