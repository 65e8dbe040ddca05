"""Exceptions that members ask for, from the refused pull to the answer."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import scope
from pytest_django import DjangoCaptureOnCommitCallbacks

from audit.queries import entries_of
from orgs.actor import Actor, Invalid, NotAllowed
from orgs.member_operations import add_member, remove_members
from orgs.models import Organization
from orgs.operations import set_plan
from orgs.team_operations import create_team
from permissions import exception_operations
from permissions.authorize import authorize
from permissions.core.own_rules import EVERYONE, Audience
from permissions.core.policy import Rule, SubjectKind
from permissions.exception_models import ExceptionRequest
from permissions.exception_operations import (
    allow_exception,
    ask_for_exception,
    decline_exception,
    withdraw_exception,
)
from permissions.exception_queries import waiting_exceptions
from permissions.facts import Asker, Claim
from permissions.operations import Settings, change_policy
from permissions.own_rule_operations import add_own_rule
from permissions.own_rule_queries import own_rules_of
from permissions.plan import PlanRequired
from permissions.queries import policy_of
from tests.conftest import named_user

pytestmark = pytest.mark.django_db
STAFF = Actor.site_staff()
TOOL = "docker.io/randomdev/tool"
MEL = Audience.user("mel")


@pytest.fixture(autouse=True)
def _restricted(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False), None)


def actor(name: str) -> Actor:
    return Actor(name, "203.0.113.7", named_user(name))


def rule(who: str, image: str = TOOL) -> Rule:
    return authorize(Claim(SubjectKind.USER, who), Asker(organization="acme"), image).rule


def ask(acme: Organization, who: str = "mel", repository: str = TOOL) -> ExceptionRequest:
    return ask_for_exception(actor(who), acme, repository, "For a trial")


def test_from_asking_to_pulling(
    acme: Organization,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        asked = ask(acme)
    assert (asked.rule, asked.target, asked.word) == ("community_restricted", TOOL, "For a trial")
    (to_owner,) = mailoutbox
    assert to_owner.to == ["olivia@example.com"]
    assert f"/orgs/acme/settings/permissions/requests/{asked.pk}/" in to_owner.body
    assert "For a trial" in to_owner.body
    assert not rule("mel").allows

    version = policy_of(acme).version
    week = timezone.now() + timedelta(days=7)
    with django_capture_on_commit_callbacks(execute=True):
        allow_exception(actor("olivia"), acme, asked, audience=MEL, ends_at=week)
    assert rule("mel") is Rule.EXCEPTION
    assert rule("gus") is Rule.COMMUNITY_RESTRICTED
    assert policy_of(acme).version > version
    own = own_rules_of(acme).get()
    assert (own.user, own.ends_at, own.reason) == (named_user("mel"), week, "Asked for by mel")
    asked.refresh_from_db()
    assert (asked.state, asked.settled_by, asked.own_rule) == ("allowed", "olivia", own)
    to_member = mailoutbox[1]
    assert to_member.to == ["mel@example.com"]
    assert "olivia has allowed" in to_member.body
    actions = [entry.action for entry in entries_of(acme.pk)[:3]]
    assert actions == ["exception.allowed", "own_rule.added", "exception.requested"]


def test_a_request_asked_twice_is_one_request_and_one_mail(
    acme: Organization,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        ask(acme)
        with pytest.raises(Invalid, match="have asked for"):
            ask(acme)
        ask(acme, "gus")
    assert len(mailoutbox) == 2
    assert waiting_exceptions(acme).count() == 2


def test_an_owner_declines_with_a_word(
    acme: Organization,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    asked = ask(acme)
    for empty in ("", "  "):
        with pytest.raises(Invalid, match="Give a reason"):
            decline_exception(actor("olivia"), acme, asked, empty)
    with django_capture_on_commit_callbacks(execute=True):
        decline_exception(actor("olivia"), acme, asked, "Use our own build.")
    assert "Use our own build." in mailoutbox[0].body
    assert mailoutbox[0].to == ["mel@example.com"]
    assert not rule("mel").allows
    with pytest.raises(Invalid, match="settled already: declined by olivia"):
        allow_exception(actor("olivia"), acme, asked, audience=MEL)
    again = ask(acme)
    assert again.pk != asked.pk


def test_a_member_takes_it_back(acme: Organization) -> None:
    asked = ask(acme)
    for other in ("gus", "olivia"):
        with pytest.raises(Invalid, match="no such request of yours"):
            withdraw_exception(actor(other), acme, asked)
    withdraw_exception(actor("mel"), acme, asked)
    with pytest.raises(Invalid, match="settled already: withdrawn by mel"):
        withdraw_exception(actor("mel"), acme, asked)
    assert not waiting_exceptions(acme).exists()


@pytest.mark.parametrize("name", ["mel", "gus", "nina"])
def test_only_owners_answer(acme: Organization, name: str) -> None:
    asked = ask(acme)
    with pytest.raises(NotAllowed):
        allow_exception(actor(name), acme, asked, audience=MEL)
    with pytest.raises(NotAllowed):
        decline_exception(actor(name), acme, asked, "No")
    asked.refresh_from_db()
    assert asked.is_pending


def test_only_members_ask_and_for_themselves(acme: Organization, globex: Organization) -> None:
    with pytest.raises(NotAllowed, match="Only members of acme"):
        ask(acme, "nina")
    with pytest.raises(NotAllowed):
        ask_for_exception(STAFF, acme, TOOL)
    asked = ask(acme)
    with pytest.raises(Invalid, match="globex has no such request"):
        allow_exception(actor("gus"), globex, asked, audience=MEL)


@pytest.mark.parametrize(
    ("who", "repository", "sentence"),
    [
        ("mel", "docker.io/library/alpine", "allows official images"),
        ("mel", "docker.io/acme/app", "one of acme's own"),
        ("olivia", TOOL, "owners may pull any image"),
        ("mel", "docker.io/Bad/name", "is not valid"),
        ("mel", "", "is not valid"),
    ],
)
def test_what_no_exception_helps_can_not_be_asked_for(
    acme: Organization, who: str, repository: str, sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        ask(acme, who, repository)
    assert not waiting_exceptions(acme).exists()


def test_while_monitoring_one_can_ask_before_it_is_refused(acme: Organization) -> None:
    change_policy(STAFF, acme, Settings(True, True, False, "monitor"), None)
    assert rule("mel") is Rule.MONITORED
    asked = ask(acme)
    allow_exception(actor("olivia"), acme, asked, audience=MEL)
    assert rule("mel") is Rule.EXCEPTION


def test_a_block_has_to_be_ended_first(acme: Organization) -> None:
    add_own_rule(STAFF, acme, effect="block", target=TOOL)
    asked = ask(acme)
    assert asked.rule == "blocked"
    with pytest.raises(Invalid, match="End the block first"):
        allow_exception(actor("olivia"), acme, asked, audience=MEL)
    asked.refresh_from_db()
    assert asked.is_pending
    assert own_rules_of(acme).count() == 1


@pytest.mark.parametrize(
    ("audience", "fits"),
    [
        (MEL, True),
        (EVERYONE, True),
        (Audience.team("research"), True),
        (Audience.team("others"), False),
        (Audience.team("owners"), False),
        (Audience.user("gus"), False),
    ],
)
def test_an_exception_is_for_whoever_asked_among_others(
    acme: Organization, audience: Audience, fits: bool
) -> None:
    for team in ("research", "others"):
        create_team(STAFF, acme, team)
    add_member(STAFF, acme, named_user("mel"), teams=["research"])
    asked = ask(acme)
    if fits:
        allow_exception(actor("olivia"), acme, asked, audience=audience)
        assert rule("mel") is Rule.EXCEPTION
        assert (rule("gus") is Rule.EXCEPTION) is (audience == EVERYONE)
    else:
        with pytest.raises(Invalid, match="not be for mel"):
            allow_exception(actor("olivia"), acme, asked, audience=audience)


def test_who_left_is_not_answered(acme: Organization) -> None:
    asked = ask(acme)
    remove_members(STAFF, acme, ["mel"])
    assert not waiting_exceptions(acme).exists()
    with pytest.raises(Invalid, match="no member of acme any more"):
        allow_exception(actor("olivia"), acme, asked, audience=EVERYONE)


def test_p8_without_the_plan_nothing_is_allowed(acme: Organization) -> None:
    asked = ask(acme)
    set_plan(STAFF, acme, Organization.Plan.TEAM)
    with pytest.raises(PlanRequired):
        allow_exception(actor("olivia"), acme, asked, audience=MEL)


def test_nobody_buries_the_owners_in_requests(
    acme: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exception_operations, "MOST_WAITING", 2)
    monkeypatch.setattr(exception_operations, "MOST_A_DAY", 3)
    ask(acme, repository=f"{TOOL}1")
    second = ask(acme, repository=f"{TOOL}2")
    with pytest.raises(Invalid, match="2 of your requests wait"):
        ask(acme, repository=f"{TOOL}3")
    withdraw_exception(actor("mel"), acme, second)
    withdraw_exception(actor("mel"), acme, ask(acme, repository=f"{TOOL}3"))
    with pytest.raises(Invalid, match="3 times within a day"):
        ask(acme, repository=f"{TOOL}4")


@pytest.mark.parametrize("word", ["x" * 301, "two\nlines", "\u202e"])
def test_a_word_is_one_line(acme: Organization, word: str) -> None:
    with pytest.raises(Invalid, match="one line of at most 300"):
        ask_for_exception(actor("mel"), acme, TOOL, word)


@pytest.mark.parametrize(
    "change",
    [
        {"state": "settled"},
        {"state": "declined"},
        {"settled_by": "olivia"},
        {"answer": "No"},
        {"state": "allowed", "settled_at": timezone.now()},
    ],
)
def test_the_database_keeps_nonsense_out(acme: Organization, change: dict[str, object]) -> None:
    asked = ask(acme)
    with scope(organization=acme), pytest.raises(IntegrityError), transaction.atomic():
        ExceptionRequest.objects.filter(pk=asked.pk).update(**change)
    with scope(organization=acme), pytest.raises(IntegrityError), transaction.atomic():
        ExceptionRequest.objects.create(
            organization=acme, user=named_user("mel"), target=TOOL, rule="blocked"
        )
