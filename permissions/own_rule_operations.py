"""Blocks and exceptions of an organization (D7)."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Organization, Team, User
from orgs.queries import member_of, team_of
from orgs.transactions import operation, record_change, require_owner
from permissions.core import own_rules as core
from permissions.own_rule_models import OwnRule
from permissions.own_rule_queries import audience_of, rules_in_force
from permissions.plan import require_plan
from permissions.queries import mirror_hosts, owned_namespaces

EXPIRED = "its own end"


@operation
def add_own_rule(
    actor: Actor,
    organization: Organization,
    *,
    effect: str,
    target: str,
    audience: core.Audience = core.EVERYONE,
    reason: str = "",
    ends_at: datetime | None = None,
) -> OwnRule:
    """Make a block or an exception, in force at once.

    Raises `Invalid` for a rule that can't be entered (D7a), that is for nobody here, or that is
    there already; `NotAllowed` and `PlanRequired` as every change of the policy.
    """
    require_owner(actor, organization, "make its own rules")
    require_plan(organization)
    wished = _checked(organization, effect, target, audience, reason.strip(), ends_at)
    team, user = _found(organization, audience)
    rule = OwnRule(
        organization=organization,
        effect=effect,
        target=core.format_target(wished.target),
        team=team,
        user=user,
        reason=wished.reason,
        ends_at=ends_at,
        created_by=actor.name,
    )
    _make_room(rule)
    try:
        with transaction.atomic():
            rule.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(
            f"{organization.name} has this rule already. End it first to make it anew."
        ) from error
    record_change(actor, organization, "own_rule.added", rule.target, after=_described(rule))
    announce([organization])
    return rule


@operation
def end_own_rule(actor: Actor, organization: Organization, rule_id: int) -> OwnRule:
    """End a rule at once; it stays on record. Raises `Invalid` if there is none, or no more."""
    require_owner(actor, organization, "end its own rules")
    require_plan(organization)
    rule = OwnRule.objects.select_related("team", "user").filter(pk=rule_id, ended_at=None).first()
    if rule is None:
        raise Invalid(f"{organization.name} has no rule {rule_id} that could be ended.")
    rule.ended_at, rule.ended_by = timezone.now(), actor.name
    rule.save(update_fields=["ended_at", "ended_by"])
    record_change(actor, organization, "own_rule.ended", rule.target, before=_described(rule))
    announce([organization])
    return rule


def reasons_to_keep(*, team: Team, **_: object) -> list[str]:
    """Why a team can't be deleted: rules for it are in force. Receives `deletion_asked`."""
    in_force = [str(rule) for rule in rules_in_force(team.organization) if rule.team == team]
    if not in_force:
        return []
    rules = ", ".join(in_force)
    return [f"Rules for the team {team.name} are in force: {rules}. End them first."]


def keep_on_record(*, team: Team, **_: object) -> None:
    """Let a team's past rules outlive it, with its name. Receives `team_going`."""
    past = OwnRule.objects.filter(team=team)
    past.filter(ended_at=None, ends_at__lte=timezone.now()).update(
        ended_at=F("ends_at"), ended_by=EXPIRED
    )
    past.exclude(ended_at=None).update(team=None, former_team=team.name)


def _checked(
    organization: Organization,
    effect: str,
    target: str,
    audience: core.Audience,
    reason: str,
    ends_at: datetime | None,
) -> core.OwnRule:
    if effect not in OwnRule.Effect.values:
        raise Invalid(f"A rule is a block or an exception, not {effect}.")
    try:
        parsed = core.parse_target(target, mirror_hosts(organization))
    except core.InvalidTarget as error:
        raise Invalid(str(error)) from error
    rule = core.OwnRule(0, core.Effect(effect), parsed, audience, ends_at, reason)
    problem = core.rule_problem(rule, owned_namespaces(organization), timezone.now())
    if problem is not None:
        raise Invalid(problem)
    return rule


def _found(organization: Organization, audience: core.Audience) -> tuple[Team | None, User | None]:
    if audience.kind is core.AudienceKind.TEAM:
        team = team_of(organization, audience.name)
        if team is None:
            raise Invalid(f"{organization.name} has no team {audience.name}.")
        return team, None
    if audience.kind is core.AudienceKind.USER:
        membership = member_of(organization, audience.name)
        if membership is None:
            raise Invalid(f"{organization.name} has no member {audience.name}.")
        return None, membership.user
    return None, None


def _make_room(rule: OwnRule) -> None:
    """Put a rule of the same kind whose end has come on record, so that it can be made anew."""
    now = timezone.now()
    OwnRule.objects.filter(
        effect=rule.effect,
        target=rule.target,
        team=rule.team,
        user=rule.user,
        ended_at=None,
        ends_at__lte=now,
    ).update(ended_at=F("ends_at"), ended_by=EXPIRED)


def _described(rule: OwnRule) -> dict[str, object]:
    return {
        "effect": rule.effect,
        "target": rule.target,
        "audience": str(audience_of(rule)),
        "reason": rule.reason,
        "ends_at": rule.ends_at.isoformat() if rule.ends_at else None,
    }
