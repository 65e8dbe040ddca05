"""Blocks, exceptions and monitoring, from the owner's wish to the decision (D7, D11)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django_scopes import scope

from audit.models import AuditEntry
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.member_operations import add_member
from orgs.models import Organization, Team
from orgs.operations import set_plan
from orgs.team_operations import create_team
from permissions.authorize import authorize
from permissions.core.decision import Decision
from permissions.core.own_rules import Audience
from permissions.core.policy import Rule, SubjectKind
from permissions.facts import Asker, Claim
from permissions.operations import Settings, change_policy
from permissions.own_rule_models import OwnRule
from permissions.own_rule_operations import add_own_rule, end_own_rule
from permissions.own_rule_queries import own_rules_of
from permissions.plan import PlanRequired
from permissions.queries import policy_of
from tests.conftest import named_user

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
TOOL = "docker.io/randomdev/tool"
ALPINE = "docker.io/library/alpine"


@pytest.fixture(autouse=True)
def _restricted(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False), None)


def actor(name: str) -> Actor:
    return Actor(name, "203.0.113.7", named_user(name))


def set_mode(actor: Actor, organization: Organization, mode: str) -> None:
    wished = replace(Settings.of(policy_of(organization)), mode=mode)
    change_policy(actor, organization, wished, None)


def decided(image: str, who: str = "mel") -> Decision:
    return authorize(Claim(SubjectKind.USER, who), Asker(organization="acme"), image)


def test_an_exception_lets_through_and_a_block_stands_above_it(acme: Organization) -> None:
    assert decided(TOOL).rule is Rule.COMMUNITY_RESTRICTED
    exception = add_own_rule(STAFF, acme, effect="exception", target="randomdev/*")
    assert (decided(TOOL).rule, decided(TOOL).own_rule) == (Rule.EXCEPTION, exception.pk)

    block = add_own_rule(STAFF, acme, effect="block", target=TOOL, reason="Left unpatched")
    answer = decided(TOOL)
    assert (answer.rule, answer.own_rule) == (Rule.BLOCKED, block.pk)
    assert "Left unpatched" in answer.reason
    assert decided("randomdev/other").rule is Rule.EXCEPTION

    end_own_rule(STAFF, acme, block.pk)
    assert decided(TOOL).rule is Rule.EXCEPTION


def test_a_team_may_have_what_others_may_not(acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    add_member(STAFF, acme, named_user("gus"), teams=["research"])
    add_own_rule(
        STAFF, acme, effect="exception", target="community", audience=Audience.team("research")
    )
    assert decided(TOOL, "gus").rule is Rule.EXCEPTION
    assert decided(TOOL, "mel").rule is Rule.COMMUNITY_RESTRICTED


def test_a_user_may_be_refused_what_others_have(acme: Organization) -> None:
    add_own_rule(STAFF, acme, effect="block", target=ALPINE, audience=Audience.user("mel"))
    assert decided(ALPINE, "mel").rule is Rule.BLOCKED
    assert decided(ALPINE, "gus").rule is Rule.OFFICIAL_ALLOWED
    assert decided(ALPINE, "olivia").rule is Rule.OWNER


def test_a_rule_ends_by_itself_and_can_be_made_anew(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    rule = add_own_rule(STAFF, acme, effect="exception", target=TOOL, ends_at=soon)
    assert decided(TOOL).allowed
    with pytest.raises(Invalid, match="already"):
        add_own_rule(STAFF, acme, effect="exception", target=TOOL)

    monkeypatch.setattr(timezone, "now", lambda: soon)
    assert not decided(TOOL).allowed
    add_own_rule(STAFF, acme, effect="exception", target=TOOL)
    assert decided(TOOL).allowed
    rule.refresh_from_db()
    assert (rule.ended_at, rule.has_ended) == (soon, True)


def test_monitoring_refuses_nothing_and_tells_what_it_would(acme: Organization) -> None:
    set_mode(STAFF, acme, "monitor")
    answer = decided(TOOL)
    assert (answer.allowed, answer.rule) == (True, Rule.MONITORED)
    assert answer.would_have is Rule.COMMUNITY_RESTRICTED
    assert decided(ALPINE).rule is Rule.OFFICIAL_ALLOWED

    set_mode(STAFF, acme, "enforce")
    assert decided(TOOL).rule is Rule.COMMUNITY_RESTRICTED


def test_docker_hubs_settings_leave_the_mode_alone(acme: Organization) -> None:
    set_mode(STAFF, acme, "monitor")
    change_policy(STAFF, acme, Settings(True, False, False), None)
    assert policy_of(acme).mode == "monitor"


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"target": "docker.io/acme/app"}, "own images are always allowed"),
        ({"target": "organization"}, "own images are always allowed"),
        ({"target": "community"}, "can't be for everyone"),
        ({"target": "randomdev/tool:1.2"}, "has a tag or a digest"),
        ({"target": "Randomdev/"}, "not valid"),
        ({"target": "x" * 10_000}, "at most"),
        ({"target": ""}, "empty"),
        ({"effect": "wish"}, "a block or an exception"),
        ({"audience": Audience.team("ghosts")}, "no team ghosts"),
        ({"audience": Audience.user("nina")}, "no member nina"),
        ({"audience": Audience.team("owners")}, "Owners may pull any image"),
        ({"ends_at": timezone.now()}, "would have ended already"),
        ({"reason": "x" * 301}, "at most 300"),
        ({"reason": "two\nlines"}, "on one line"),
    ],
)
def test_d7a_rules_that_can_not_be_entered(
    acme: Organization, wish: dict[str, object], sentence: str
) -> None:
    wished: dict[str, object] = {"effect": "exception", "target": TOOL, **wish}
    with pytest.raises(Invalid, match=sentence):
        add_own_rule(STAFF, acme, **wished)  # type: ignore[arg-type]  # some are of no type
    assert not own_rules_of(acme).exists()


def test_only_owners_make_and_end_rules(acme: Organization, globex: Organization) -> None:
    rule = add_own_rule(actor("olivia"), acme, effect="block", target=TOOL)
    for name in ("mel", "nina"):
        with pytest.raises(NotAllowed):
            add_own_rule(actor(name), acme, effect="block", target=ALPINE)
        with pytest.raises(NotAllowed):
            end_own_rule(actor(name), acme, rule.pk)
        with pytest.raises(NotAllowed):
            set_mode(actor(name), acme, "monitor")
    # Gus owns globex, where acme's rule does not exist.
    with pytest.raises(Invalid, match="no rule"):
        end_own_rule(actor("gus"), globex, rule.pk)


def test_p8_without_the_plan_no_rule_changes(acme: Organization) -> None:
    rule = add_own_rule(STAFF, acme, effect="block", target=TOOL)
    set_plan(STAFF, acme, Organization.Plan.TEAM)
    with pytest.raises(PlanRequired):
        add_own_rule(STAFF, acme, effect="block", target=ALPINE)
    with pytest.raises(PlanRequired):
        end_own_rule(STAFF, acme, rule.pk)
    with pytest.raises(PlanRequired):
        set_mode(STAFF, acme, "monitor")


def test_each_change_raises_the_version_once_and_is_logged(acme: Organization) -> None:
    before, count = policy_of(acme).version, AuditEntry.objects.count()
    rule = add_own_rule(actor("olivia"), acme, effect="block", target=TOOL, reason="Old")
    end_own_rule(actor("olivia"), acme, rule.pk)
    set_mode(actor("olivia"), acme, "monitor")
    set_mode(actor("olivia"), acme, "monitor")

    assert policy_of(acme).version == before + 3
    assert AuditEntry.objects.count() == count + 3
    added = AuditEntry.objects.get(action="own_rule.added")
    assert (added.actor, added.target) == ("olivia", TOOL)
    assert added.after["reason"] == "Old"


def test_the_database_keeps_sense_in_rules(acme: Organization, globex: Organization) -> None:
    with scope(organization=globex):
        foreign = Team.objects.get(name="owners")
    for wrong in (
        {"effect": "wish", "target": TOOL},
        {"effect": "exception", "target": "community"},
        {"effect": "block", "target": TOOL, "team": foreign},
        {"effect": "block", "target": TOOL, "ended_at": timezone.now()},
    ):
        with scope(organization=acme), pytest.raises(IntegrityError), transaction.atomic():
            OwnRule.objects.create(organization=acme, created_by="nobody", **wrong)
            connection.check_constraints()


def test_the_commands(acme: Organization, capsys: pytest.CaptureFixture[str]) -> None:
    call_command(
        "add_rule", "acme", "exception", "randomdev/*", "--user=mel", "--days=7", "--reason=Trial"
    )
    assert decided(TOOL).rule is Rule.EXCEPTION
    call_command("list_rules", "acme")
    listed = capsys.readouterr().out
    assert "exception docker.io/randomdev/* for user mel, by site staff, until" in listed
    number = own_rules_of(acme).get().pk
    call_command("end_rule", "acme", str(number))
    assert decided(TOOL).rule is Rule.COMMUNITY_RESTRICTED
    capsys.readouterr()
    call_command("list_rules", "acme")
    assert capsys.readouterr().out == ""
    call_command("list_rules", "acme", "--all")
    assert "Trial" in capsys.readouterr().out
    call_command("set_mode", "acme", "monitor")
    assert decided(TOOL).rule is Rule.MONITORED
    with pytest.raises(CommandError, match="no rule"):
        call_command("end_rule", "acme", str(number))


def test_explaining_a_pull_names_the_rule_and_the_fact(
    acme: Organization, capsys: pytest.CaptureFixture[str]
) -> None:
    add_own_rule(STAFF, acme, effect="block", target=TOOL, reason="Left unpatched")
    call_command("explain_pull", "mel", TOOL, "--organization=acme")
    told = capsys.readouterr().out
    assert told.startswith("Denied (blocked): ")
    assert "-> D7   blocked" in told
    assert "D8" not in told

    call_command("explain_pull", "mel", "alpine", "--service=hub")
    assert capsys.readouterr().out.startswith("Allowed (official_allowed): ")
    with pytest.raises(CommandError, match="no organization nowhere"):
        call_command("explain_pull", "mel", "alpine", "--organization=nowhere")
    with pytest.raises(CommandError, match="No registry nowhere"):
        call_command("explain_pull", "mel", "alpine", "--service=nowhere")
