"""What wished-for settings would have done to the pulls of the last days."""

from dataclasses import dataclass, replace
from datetime import date, datetime

from audit.pull_sums import DAYS
from orgs.models import Organization
from permissions.core.facts import Facts
from permissions.core.impact import Impact, impact, wishing
from permissions.core.policy import Policy, SubjectKind
from permissions.facts import Asker, Claim, facts_for
from permissions.impact_queries import catalog_of, pulled_since

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An impact, and how many pulls it was found among."""

    impact: Impact
    since: date
    pulls: int


def foresee(organization: Organization, wished: Policy, now: datetime) -> Foreseen:
    """Decide again about the pulls of the last 30 days as if the settings were the wished-for."""
    since = (now - DAYS).date()
    found = pulled_since(organization, since)
    facts = replace(
        _facts(organization, wished, now),
        catalog=catalog_of(one.repository for one in found.pulled),
    )
    then = impact(facts, organization.name, found.pullers, found.pulled, now, SHOWN)
    return Foreseen(then, since, found.pulls)


def _facts(organization: Organization, wished: Policy, now: datetime) -> Facts:
    """What decisions of the organization are made from, but for who asks about which image."""
    nobody = Claim(SubjectKind.USER, "")
    asker = Asker(organization=organization.name, may_tell_unknown=False)
    return wishing(facts_for(nobody, asker, "", ["pull"], now), organization.name, wished)
