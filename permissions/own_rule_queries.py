"""Reading an organization's own rules."""

from django.db.models import QuerySet
from django_scopes import scope

from orgs.models import Organization
from permissions.core import own_rules as core
from permissions.own_rule_models import OwnRule


def own_rules_of(organization: Organization) -> QuerySet[OwnRule]:
    """All own rules with their team and user, the past ones too, newest first."""
    with scope(organization=organization):
        return OwnRule.objects.select_related("team", "user")


def rules_in_force(organization: Organization) -> list[OwnRule]:
    """The own rules that decide at this moment, newest first."""
    return [rule for rule in own_rules_of(organization) if not rule.has_ended]


def rules_that_count(organization: Organization) -> core.OwnRules:
    """The rules that nobody has ended; the core looks at when they end by themselves."""
    return core.OwnRules(
        tuple(_as_core(rule) for rule in own_rules_of(organization).filter(ended_at=None))
    )


def audience_of(rule: OwnRule) -> core.Audience:
    """Whom a rule is, or was, for."""
    if rule.team is not None or rule.former_team:
        return core.Audience.team(rule.team.name if rule.team else rule.former_team)
    return core.Audience.user(rule.user.username) if rule.user else core.EVERYONE


def _as_core(rule: OwnRule) -> core.OwnRule:
    return core.OwnRule(
        id=rule.pk,
        effect=core.Effect(rule.effect),
        target=core.parse_target(rule.target),
        audience=audience_of(rule),
        ends_at=rule.ends_at,
        reason=rule.reason,
    )
