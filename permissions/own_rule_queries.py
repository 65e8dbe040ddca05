"""Reading an organization's own rules."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, Least
from django.utils import timezone
from django_scopes import scope, scopes_disabled

from audit.pull_queries import pulls_by_own_rule
from orgs.models import Organization
from orgs.rows import Row, Rows, moment
from permissions.core import own_rules as core
from permissions.core.reference import spelled
from permissions.own_rule_models import OwnRule

EFFECTS_OF = timedelta(days=30)


def own_rules_of(organization: Organization) -> QuerySet[OwnRule]:
    """All own rules with their team and user, the past ones too, newest first."""
    with scope(organization=organization):
        return OwnRule.objects.select_related("team", "user")


def rules_now(organization: Organization) -> QuerySet[OwnRule]:
    """The own rules in force, those that end soonest first."""
    soonest = F("ends_at").asc(nulls_last=True)
    return own_rules_of(organization).filter(_counting()).order_by(soonest, "-created_at", "-pk")


def ended_rules(organization: Organization) -> QuerySet[OwnRule]:
    """The own rules that have ended, the last ended first."""
    end = Least(Coalesce("ended_at", "ends_at"), Coalesce("ends_at", "ended_at"))
    return own_rules_of(organization).exclude(_counting()).order_by(end.desc(), "-pk")


def with_effects(organization: Organization, rules: Iterable[OwnRule]) -> list[OwnRule]:
    """Rules, each with how many pulls it decided in the last 30 days as `pulls`."""
    found = list(rules)
    since = (timezone.now() - EFFECTS_OF).date()
    counts = pulls_by_own_rule(organization.pk, since, [rule.pk for rule in found])
    for rule in found:
        rule.pulls = counts.get(rule.pk, 0)
    return found


def rules_in_force(organization: Organization) -> list[OwnRule]:
    """The own rules that decide at this moment, newest first."""
    return list(own_rules_of(organization).filter(_counting()))


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


def rules_that_count(organization: OuterRef) -> Rows:
    """The rules that nobody has ended, for `as_core`; the core looks at when they end by
    themselves."""
    with scopes_disabled():
        rules = OwnRule.objects.filter(organization=organization, ended_at=None)
    return Rows(
        rules,
        id="pk",
        effect="effect",
        target="target",
        team="team__name",
        user="user__username",
        ends_at="ends_at",
        reason="reason",
    )


def as_core(rule: Row) -> core.OwnRule:
    """A rule that counts, as the core looks at it."""
    return core.OwnRule(
        id=rule["id"],
        effect=core.Effect(rule["effect"]),
        target=core.parse_target(rule["target"]),
        audience=_audience(rule["team"], rule["user"]),
        ends_at=moment(rule["ends_at"]),
        reason=rule["reason"],
    )


def audience_of(rule: OwnRule) -> core.Audience:
    """Whom a rule is, or was, for."""
    team = rule.team.name if rule.team else rule.former_team or None
    return _audience(team, rule.user.username if rule.user else None)


def _audience(team: str | None, user: str | None) -> core.Audience:
    if team is not None:
        return core.Audience.team(team)
    return core.Audience.user(user) if user is not None else core.EVERYONE


def _counting() -> Q:
    return Q(ended_at=None) & (Q(ends_at=None) | Q(ends_at__gt=timezone.now()))
