"""Reading an organization's own rules."""

from django.db.models import QuerySet
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from orgs.models import Organization
from permissions.core import own_rules as core
from permissions.core.reference import spelled
from permissions.own_rule_models import OwnRule


def own_rules_of(organization: Organization) -> QuerySet[OwnRule]:
    """All own rules with their team and user, the past ones too, newest first."""
    with scope(organization=organization):
        return OwnRule.objects.select_related("team", "user")


def rules_in_force(organization: Organization) -> list[OwnRule]:
    """The own rules that decide at this moment, newest first."""
    return [rule for rule in own_rules_of(organization) if not rule.has_ended]


def rules_about_host(organization: Organization, host: str) -> list[OwnRule]:
    """The own rules in force about images on one folded host, newest first."""
    below = f"{spelled(host)}/"
    return [rule for rule in rules_in_force(organization) if rule.target.startswith(below)]


def organizations_with_rules_about(host: str) -> list[Organization]:
    """The organizations that have rules in force about images on one folded host, by number."""
    with scopes_disabled():
        rules = OwnRule.objects.filter(ended_at=None, target__startswith=f"{spelled(host)}/")
        affected = rules.exclude(ends_at__lte=timezone.now()).values("organization")
        return list(Organization.objects.filter(pk__in=affected).order_by("pk"))


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
