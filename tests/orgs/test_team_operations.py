"""Teams: made, changed, filled, emptied, deleted."""

from typing import Any

import pytest
from django.db.models import RestrictedError
from django_scopes import scope

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.member_operations import add_member, add_to_team, change_teams, take_out_of_team
from orgs.models import Organization, Team
from orgs.queries import is_owner, member_of, members_of_team, team_of
from orgs.team_operations import change_team, create_team, delete_team
from permissions.core.own_rules import Audience
from permissions.own_rule_operations import add_own_rule, end_own_rule
from permissions.own_rule_queries import audience_of, own_rules_of
from permissions.queries import policy_of
from tests.conftest import named_user

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
RESEARCH: dict[str, Any] = {"name": "research", "description": "", "can_push": False}


@pytest.fixture
def research(acme: Organization) -> Team:
    return create_team(STAFF, acme, "research")


def actor(name: str) -> Actor:
    return Actor(name, "198.51.100.1", named_user(name))


def teams_of_member(organization: Organization, username: str) -> list[str]:
    with scope(organization=organization):
        membership = member_of(organization, username)
        assert membership is not None
        return [team.name for team in membership.teams.all()]


def test_a_team_is_renamed_with_whom_it_holds(acme: Organization, research: Team) -> None:
    add_to_team(STAFF, acme, "research", ["mel"])
    wished: dict[str, Any] = {
        "name": "science",
        "description": "They try.",
        "can_push": True,
    }
    change_team(actor("olivia"), acme, "research", **wished)
    assert teams_of_member(acme, "mel") == ["science"]
    assert team_of(acme, "research") is None
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("team.changed", "research")
    assert entry.before == RESEARCH
    assert entry.after == wished


def test_a_wish_that_changes_nothing_is_not_logged(acme: Organization, research: Team) -> None:
    add_to_team(STAFF, acme, "research", ["mel"])
    before = entries_of(acme.pk).count(), policy_of(acme).version
    change_team(STAFF, acme, "research", **RESEARCH)
    assert add_to_team(STAFF, acme, "research", ["mel"]) == []
    assert take_out_of_team(STAFF, acme, "research", ["gus"]) == []
    change_teams(STAFF, acme, named_user("mel"), join=["research"], leave=["owners"])
    assert (entries_of(acme.pk).count(), policy_of(acme).version) == before


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("builders", "already exists in acme"),
        ("owners", "already exists in acme"),
        ("Re", "lower-case letters"),
        ("a" * 31, "2 to 30"),
        ("a\x00b", "lower-case letters"),
    ],
)
def test_a_team_gets_no_name_that_is_taken_or_malformed(
    acme: Organization, research: Team, name: str, sentence: str
) -> None:
    create_team(STAFF, acme, "builders")
    with pytest.raises(Invalid, match=sentence):
        change_team(STAFF, acme, "research", **{**RESEARCH, "name": name})
    with pytest.raises(Invalid, match=sentence):
        create_team(STAFF, acme, name)


def test_the_owners_team_is_neither_changed_nor_deleted(acme: Organization) -> None:
    with pytest.raises(Invalid, match="built in"):
        change_team(STAFF, acme, "owners", **{**RESEARCH, "name": "bosses"})
    with pytest.raises(Invalid, match="built in"):
        delete_team(STAFF, acme, "owners")


def test_several_join_or_none(acme: Organization, research: Team) -> None:
    assert add_to_team(STAFF, acme, "research", ["mel", "gus"]) == ["gus", "mel"]
    with pytest.raises(Invalid, match="acme has no member ivan, nina"):
        add_to_team(STAFF, acme, "research", ["olivia", "nina", "ivan"])
    with scope(organization=acme):
        people = [one.user.username for one in members_of_team(acme, research)]
    assert people == ["gus", "mel"]


def test_joining_owners_promotes_and_leaving_them_demotes(acme: Organization) -> None:
    add_to_team(actor("olivia"), acme, "owners", ["mel"])
    assert is_owner(acme, named_user("mel"))
    take_out_of_team(actor("mel"), acme, "owners", ["olivia"])
    assert not is_owner(acme, named_user("olivia"))
    with pytest.raises(NotAllowed):
        add_to_team(actor("olivia"), acme, "owners", ["olivia"])


def test_all_owners_can_not_leave_together(acme: Organization) -> None:
    add_member(STAFF, acme, named_user("mel"), teams=["owners"])
    with pytest.raises(Invalid, match="without an active owner"):
        take_out_of_team(STAFF, acme, "owners", ["mel", "olivia"])
    with pytest.raises(Invalid, match="without an active owner"):
        take_out_of_team(actor("mel"), acme, "owners", ["olivia"])
        change_teams(actor("mel"), acme, named_user("mel"), leave=["owners"])


def test_one_moves_between_teams_in_one_change(acme: Organization, research: Team) -> None:
    create_team(STAFF, acme, "builders")
    change_teams(STAFF, acme, named_user("mel"), join=["research"])
    version = policy_of(acme).version
    change_teams(actor("olivia"), acme, named_user("mel"), join=["builders"], leave=["research"])
    assert teams_of_member(acme, "mel") == ["builders"]
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.before, entry.after) == ({"left": ["research"]}, {"joined": ["builders"]})
    with pytest.raises(Invalid, match="no member nina"):
        change_teams(STAFF, acme, named_user("nina"), join=["builders"])


def test_a_deleted_team_leaves_its_members(acme: Organization, research: Team) -> None:
    add_to_team(STAFF, acme, "research", ["mel", "gus"])
    version = policy_of(acme).version
    delete_team(actor("olivia"), acme, "research")
    assert teams_of_member(acme, "mel") == []
    assert policy_of(acme).version == version + 1
    entry = entries_of(acme.pk)[0]
    assert (entry.action, entry.target) == ("team.deleted", "research")
    assert entry.before == {"members": 2, "can_push": False}


def test_d7_no_block_goes_with_its_team(acme: Organization, research: Team) -> None:
    for effect, target in (("block", "grafana/*"), ("exception", "community")):
        add_own_rule(STAFF, acme, effect=effect, target=target, audience=Audience.team("research"))
    with pytest.raises(Invalid, match=r"in force: exception community, block docker.io/grafana/\*"):
        delete_team(STAFF, acme, "research")
    with scope(organization=acme), pytest.raises(RestrictedError):
        research.delete()

    for rule in own_rules_of(acme):
        end_own_rule(STAFF, acme, rule.pk)
    delete_team(STAFF, acme, "research")
    assert [str(audience_of(rule)) for rule in own_rules_of(acme)] == ["team research"] * 2


def test_an_organization_can_be_deleted_with_its_teams_and_rules(
    globex: Organization,
) -> None:
    create_team(STAFF, globex, "research")
    add_own_rule(
        STAFF, globex, effect="block", target="official", audience=Audience.team("research")
    )
    with scope(organization=globex):
        globex.delete()
    assert not Organization.objects.filter(name="globex").exists()


@pytest.mark.parametrize("name", ["mel", "ivan"])
def test_members_and_strangers_change_no_team(
    acme: Organization, research: Team, name: str
) -> None:
    for change in (
        lambda: change_team(actor(name), acme, "research", **RESEARCH),
        lambda: delete_team(actor(name), acme, "research"),
        lambda: add_to_team(actor(name), acme, "research", ["mel"]),
        lambda: take_out_of_team(actor(name), acme, "owners", ["olivia"]),
        lambda: change_teams(actor(name), acme, named_user("mel"), join=["owners"]),
    ):
        with pytest.raises(NotAllowed):
            change()
