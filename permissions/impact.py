"""What wished-for settings would have done to the pulls of the last days."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from orgs.models import Organization
from permissions import impact_queries
from permissions.core.facts import Facts
from permissions.core.impact import Impact, could_refuse, impact, wishing
from permissions.core.policy import Policy, SubjectKind
from permissions.facts import Asker, Claim, facts_for

DAYS = 30
MOST_REPOSITORIES = impact_queries.CHUNK
MOST_PAIRS = 20_000
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Foreseen:
    """An impact, the pulls it was found among, and how many of these were looked at.

    All, unless an organization pulls from more repositories, or in more combinations of somebody
    and a repository, than can be decided while a person waits.
    """

    impact: Impact
    since: date
    pulls: int
    looked_at: int

    @property
    def cut(self) -> bool:
        return self.looked_at < self.pulls

    @property
    def share(self) -> int:
        """How much was looked at, in percent, rounded down."""
        return 100 * self.looked_at // self.pulls if self.pulls else 100


def foresee(organization: Organization, wished: Policy, now: datetime) -> Foreseen:
    """Decide again about the pulls of the last 30 days as if the settings were the wished-for."""
    since = (now - timedelta(days=DAYS)).date()
    totals = impact_queries.pulled_repositories(organization, since, MOST_REPOSITORIES)
    facts = _facts(organization, wished, now)
    facts = replace(facts, catalog=impact_queries.catalog_of(totals.repositories))
    refusable = could_refuse(facts, organization.name, totals.repositories, now)
    pulled = impact_queries.pulled_by(organization, since, refusable, MOST_PAIRS + 1)
    pairs = pulled[:MOST_PAIRS]
    looked_at = totals.counted
    if len(pulled) > MOST_PAIRS:
        counted = set(refusable)
        looked_at -= sum(totals.repositories[repository] for repository in refusable)
        looked_at += sum(one.count for one in pairs if one.repository in counted)
    found = impact(facts, organization.name, pairs, now, SHOWN)
    return Foreseen(found, since, totals.pulls, looked_at)


def _facts(organization: Organization, wished: Policy, now: datetime) -> Facts:
    """What decisions of the organization are made from, but for who asks about which image."""
    nobody = Claim(SubjectKind.USER, "")
    asker = Asker(organization=organization.name, may_tell_unknown=False)
    return wishing(facts_for(nobody, asker, "", ["pull"], now), organization.name, wished)
