"""Removing members, leaving, finding them, and when they were last seen."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_scopes import scope

from audit.models import DailyPulls
from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.member_operations import add_member, leave_organization, remove_members
from orgs.member_queries import (
    Order,
    Role,
    WantedMembers,
    every_member,
    find_members,
    note_seen,
    note_who_pulled,
)
from orgs.models import Organization, PersonalAccessToken, User
from orgs.queries import is_owner, members_of
from orgs.team_operations import create_team
from permissions.queries import policy_of
from tests.conftest import named_user

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


def names(organization: Organization, wanted: WantedMembers | None = None) -> list[str]:
    with scope(organization=organization):
        members = find_members(organization, wanted or WantedMembers())
        return [membership.user.username for membership in members]


def test_several_are_removed_at_once_and_each_is_logged(acme: Organization) -> None:
    version = policy_of(acme).version
    assert remove_members(actor("olivia"), acme, ["mel", "gus", "nina"]) == ["gus", "mel"]
    assert names(acme) == ["olivia"]
    assert policy_of(acme).version == version + 1
    logged = [(entry.action, entry.target) for entry in entries_of(acme.pk)[:2]]
    assert logged == [("member.removed", "mel"), ("member.removed", "gus")]


def test_nobody_is_removed_when_no_owner_would_be_left(acme: Organization) -> None:
    with pytest.raises(Invalid, match="without an active owner"):
        remove_members(actor("olivia"), acme, ["mel", "olivia"])
    assert names(acme) == ["gus", "mel", "olivia"]


def test_one_leaves_by_oneself(acme: Organization) -> None:
    version = policy_of(acme).version
    leave_organization(actor("mel"), acme)
    assert names(acme) == ["gus", "olivia"]
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.actor, entry.action, entry.target) == ("mel", "member.left", "")
    with pytest.raises(NotAllowed):
        leave_organization(actor("mel"), acme)
    with pytest.raises(NotAllowed):
        leave_organization(STAFF, acme)


def test_the_last_owner_can_not_leave(acme: Organization) -> None:
    with pytest.raises(Invalid, match="without an active owner"):
        leave_organization(actor("olivia"), acme)
    add_member(STAFF, acme, named_user("mel"), teams=["owners"])
    leave_organization(actor("olivia"), acme)
    assert not is_owner(acme, named_user("olivia"))


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (WantedMembers(words="MEL"), ["mel"]),
        (WantedMembers(words="meyer mel"), ["mel"]),
        (WantedMembers(words="garcía"), ["gus"]),
        (WantedMembers(words="meyer gus"), []),
        (WantedMembers(words="example.com"), []),
        (WantedMembers(words="mel@Example", in_addresses=True), ["mel"]),
        (WantedMembers(words="%"), []),
        (WantedMembers(role=Role.OWNER), ["olivia"]),
        (WantedMembers(role=Role.MEMBER), ["gus", "mel"]),
        (WantedMembers(team="research"), ["mel"]),
        (WantedMembers(team="ghosts"), []),
        (WantedMembers(words="e", role=Role.MEMBER, team="research"), ["mel"]),
        (WantedMembers(order=Order.JOINED), ["gus", "mel", "olivia"]),
        (WantedMembers(order=Order.SEEN), ["mel", "gus", "olivia"]),
        (WantedMembers(order=Order.UNSEEN), ["olivia", "gus", "mel"]),
    ],
)
def test_members_are_found(acme: Organization, wanted: WantedMembers, found: list[str]) -> None:
    create_team(STAFF, acme, "research")
    add_member(STAFF, acme, named_user("mel"), teams=["research"])
    note_seen(named_user("mel"), NOW)
    note_seen(named_user("gus"), NOW - timedelta(days=3))
    with scope(organization=acme):
        for days, name in enumerate(("gus", "mel", "olivia")):
            joined = NOW - timedelta(days=days)
            members_of(acme).filter(user__username=name).update(joined_at=joined)
    assert names(acme, wanted) == found


def test_nobody_of_another_organization_is_found(globex: Organization) -> None:
    assert names(globex, WantedMembers(words="mel")) == []
    assert [one.user.username for one in every_member(globex)] == ["gus"]


def test_being_seen_is_noted_to_the_hour() -> None:
    note_seen(named_user("mel"), NOW)
    note_seen(named_user("mel"), NOW + timedelta(minutes=59))
    assert named_user("mel").last_seen_at == NOW
    note_seen(named_user("mel"), NOW + timedelta(minutes=61))
    assert named_user("mel").last_seen_at == NOW + timedelta(minutes=61)


def test_whoever_only_pulls_is_seen_too(acme: Organization) -> None:
    User.objects.update(last_seen_at=None)
    used = timezone.now()
    PersonalAccessToken.objects.filter(user=named_user("mel")).update(last_used_at=used)
    for kind, name in (("user", "gus"), ("token", "olivia")):
        DailyPulls.objects.create(
            organization_id=acme.pk,
            date=used.astimezone(UTC).date(),
            subject_kind=kind,
            subject_id=name,
            action="pull",
            rule="owner",
            allowed=True,
            count=3,
        )
    assert note_who_pulled(used) == 2
    assert named_user("mel").last_seen_at == used
    seen = named_user("gus").last_seen_at
    assert seen is not None
    assert (seen.date(), seen.hour) == (used.astimezone(UTC).date(), 0)
    assert named_user("olivia").last_seen_at is None
    assert note_who_pulled(used) == 0
