"""Exceptions that members ask for: asked, allowed, declined and withdrawn."""

from datetime import datetime, timedelta

from django.utils import timezone

from orgs.actor import Actor, Invalid, NotAllowed
from orgs.mail import write_to_member, write_to_owners
from orgs.models import Organization, User
from orgs.queries import member_of
from orgs.transactions import operation, record_change, require_owner
from permissions.authorize import authorize
from permissions.core import own_rules as core
from permissions.core.impact import reference, refusing_rule
from permissions.core.policy import Rule, SubjectKind
from permissions.exception_models import ExceptionRequest
from permissions.exception_queries import exception_numbered, exceptions_asked_by
from permissions.facts import Asker, Claim
from permissions.own_rule_operations import add_own_rule
from permissions.plan import require_plan

# Of one member, so that none can bury owners in requests and e-mails.
MOST_WAITING = 20
MOST_A_DAY = 40

State = ExceptionRequest.State


@operation
def ask_for_exception(
    actor: Actor, organization: Organization, repository: str, word: str = ""
) -> ExceptionRequest:
    """Ask for an exception for oneself, for a repository by its folded name; tells the owners.

    Raises `Invalid` unless a restriction refuses it now (or would, while only monitored): whatever
    else refuses a pull, no exception lifts. Raises `NotAllowed` for whoever is no member.
    """
    member = _member(actor, organization)
    rule = _refused_by(organization, member, repository)
    target = core.format_target(core.parse_target(reference(repository)))
    _check_room(organization, member, target)
    asked = ExceptionRequest.objects.create(
        organization=organization, user=member, target=target, rule=rule, word=_line(word)
    )
    record_change(actor, organization, "exception.requested", target, after={"word": asked.word})
    write_to_owners(organization, "permissions/email/exception_requested", {"exception": asked})
    return asked


@operation
def withdraw_exception(
    actor: Actor, organization: Organization, asked: ExceptionRequest
) -> ExceptionRequest:
    """Take one's own request back. Raises `Invalid` if it is settled or somebody else's."""
    waiting = _waiting(organization, asked)
    if actor.user != waiting.user:
        raise Invalid(f"{organization.name} has no such request of yours.")
    _settle(actor, waiting, State.WITHDRAWN)
    record_change(actor, organization, "exception.withdrawn", waiting.target)
    return waiting


@operation
def allow_exception(
    actor: Actor,
    organization: Organization,
    asked: ExceptionRequest,
    *,
    audience: core.Audience,
    ends_at: datetime | None = None,
    answer: str = "",
) -> ExceptionRequest:
    """Make the exception that was asked for, in force at once, and tell who asked.

    Raises `Invalid` if the request is settled, if the audience leaves out who asked, or if the
    exception would not help; and whatever `add_own_rule` raises.
    """
    require_owner(actor, organization, "allow exceptions")
    require_plan(organization)
    waiting = _waiting(organization, asked)
    _check_audience(organization, waiting.user, audience)
    _check_helps(organization, waiting)
    answer = _line(answer)
    own_rule = add_own_rule(
        actor,
        organization,
        effect="exception",
        target=waiting.target,
        audience=audience,
        reason=answer or f"Asked for by {waiting.user.username}",
        ends_at=ends_at,
    )
    waiting.own_rule = own_rule
    _settle(actor, waiting, State.ALLOWED, answer)
    after = {"asked_for_by": waiting.user.username, "audience": str(audience)}
    record_change(actor, organization, "exception.allowed", waiting.target, after=after)
    _tell(organization, waiting, "exception_allowed")
    return waiting


@operation
def decline_exception(
    actor: Actor, organization: Organization, asked: ExceptionRequest, answer: str
) -> ExceptionRequest:
    """Refuse a request with a word why, and tell who asked. Raises `Invalid`."""
    require_owner(actor, organization, "decline exceptions")
    answer = _line(answer)
    if not answer:
        raise Invalid("Give a reason: whoever asked will read it.")
    waiting = _waiting(organization, asked)
    _settle(actor, waiting, State.DECLINED, answer)
    after = {"asked_for_by": waiting.user.username, "reason": answer}
    record_change(actor, organization, "exception.declined", waiting.target, after=after)
    _tell(organization, waiting, "exception_declined")
    return waiting


def _member(actor: Actor, organization: Organization) -> User:
    membership = member_of(organization, actor.user.username) if actor.user else None
    if membership is None or not membership.user.is_active:
        raise NotAllowed(f"Only members of {organization.name} can ask for exceptions.")
    return membership.user


def _refused_by(organization: Organization, member: User, repository: str) -> Rule:
    claim = Claim(SubjectKind.USER, member.username)
    decision = authorize(claim, Asker(organization=organization.name), reference(repository))
    rule = refusing_rule(decision)
    if rule is None:
        raise Invalid(f"No exception is needed, or none would help. {decision.reason}")
    return rule


def _check_room(organization: Organization, member: User, target: str) -> None:
    mine = exceptions_asked_by(organization, member)
    waiting = mine.filter(state=State.PENDING)
    if waiting.filter(target=target).exists():
        raise Invalid(
            f"You have asked for {target} already. The owners of {organization.name} have "
            "been told; you get an e-mail when one of them answers."
        )
    if waiting.count() >= MOST_WAITING:
        raise Invalid(
            f"{MOST_WAITING} of your requests wait for an answer. "
            "Withdraw one, or wait for the owners."
        )
    if mine.filter(asked_at__gt=timezone.now() - timedelta(days=1)).count() >= MOST_A_DAY:
        raise Invalid(f"You have asked {MOST_A_DAY} times within a day. Ask again tomorrow.")


def _check_audience(organization: Organization, member: User, audience: core.Audience) -> None:
    membership = member_of(organization, member.username)
    if membership is None or not membership.user.is_active:
        raise Invalid(f"{member.username} is no member of {organization.name} any more.")
    teams = {core.Audience.team(team.name) for team in membership.teams.all()}
    if audience not in {core.EVERYONE, core.Audience.user(member.username), *teams}:
        raise Invalid(f"That would not be for {member.username}, who asked.")


def _check_helps(organization: Organization, waiting: ExceptionRequest) -> None:
    claim = Claim(SubjectKind.USER, waiting.user.username)
    decision = authorize(claim, Asker(organization=organization.name), waiting.target)
    if refusing_rule(decision) is Rule.BLOCKED:
        raise Invalid(
            "A block refuses it, and a block counts more than any exception. "
            "End the block first, under Blocks and exceptions."
        )


def _waiting(organization: Organization, asked: ExceptionRequest) -> ExceptionRequest:
    found = exception_numbered(organization, asked.pk)
    if found is None:
        raise Invalid(f"{organization.name} has no such request.")
    if not found.is_pending:
        by = f" by {found.settled_by}" if found.settled_by else ""
        raise Invalid(f"This request is settled already: {found.get_state_display().lower()}{by}.")
    return found


def _settle(actor: Actor, asked: ExceptionRequest, state: str, answer: str = "") -> None:
    asked.state, asked.answer = state, answer
    asked.settled_at, asked.settled_by = timezone.now(), actor.name
    asked.save(update_fields=["state", "answer", "settled_at", "settled_by", "own_rule"])


def _line(text: str) -> str:
    """What somebody typed, if it can be kept: one line of bounded length. Raises `Invalid`."""
    text = text.strip()
    if len(text) > core.MAX_REASON_LENGTH or not text.isprintable():
        raise Invalid(f"Write one line of at most {core.MAX_REASON_LENGTH} characters.")
    return text


def _tell(organization: Organization, asked: ExceptionRequest, letter: str) -> None:
    write_to_member(asked.user, organization, f"permissions/email/{letter}", {"exception": asked})
