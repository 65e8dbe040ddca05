"""Made-up pulls of the last 30 days for the demo, so that the pages about pulls show something."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from audit import pull_writer
from audit.pull_log import Decided, Pull, new_key
from audit.pull_queries import pulls_of
from orgs.queries import organization_named
from permissions.authorize import authorize
from permissions.core.decision import Decision
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim

DAYS = 30
# Who pulls what at acme, and how often in some days.
PULLED = (
    ("mel", "docker.io/acme/app:2.4", (3, 1, 2)),
    ("mel", "docker.io/library/alpine:3.20", (2, 0, 1)),
    ("mel", "docker.io/library/postgres:17", (1, 0, 0, 0)),
    ("mel", "docker.io/grafana/loki:3.2", (0, 1, 0, 0, 1)),
    ("mel", "docker.io/randomdev/tool:1.2", (0, 0, 1, 0, 2, 0, 0)),
    ("gus", "docker.io/acme/app:2.4", (1, 1, 0, 4)),
    ("gus", "docker.io/library/python:3.13", (2, 3, 0, 0, 1)),
    ("gus", "docker.io/bitnami/redis:7.4", (0, 1, 1)),
    ("gus", "docker.io/openpolicyagent/opa:1.0", (1, 0, 0, 2, 0)),
    ("gus", "ghcr.io/astral-sh/uv:0.5", (0, 0, 3, 1)),
    ("olivia", "docker.io/randomdev/tool:1.2", (0, 0, 0, 0, 1, 0)),
)


def load_demo_pulls(now: datetime) -> None:
    """Write the demo's pulls as acme decides them now, unless acme has decided any already."""
    acme = organization_named("acme")
    if acme is None or pulls_of(acme.pk).exists():
        return
    pull_writer.write(list(_pulls(now)), lambda _: {acme.name: acme.pk})


def _pulls(now: datetime) -> Iterator[Pull]:
    asker = Asker(organization="acme")
    decided = {
        (who, image): authorize(Claim(SubjectKind.USER, who), asker, image)
        for who, image, _ in PULLED
    }
    for ago in reversed(range(DAYS)):
        at = now - timedelta(days=ago)
        for who, image, times in PULLED:
            for number in range(times[ago % len(times)]):
                yield _pull(at - timedelta(minutes=number), who, decided[who, image])


def _pull(at: datetime, who: str, decision: Decision) -> Pull:
    decided = Decided(
        organization="acme",
        subject_kind=SubjectKind.USER,
        subject_id=who,
        action="pull",
        image=decision.image,
        repository=decision.classified_as or "",
        category=decision.category or "",
        rule=decision.rule,
        allowed=decision.allowed,
        policy_version=decision.policy_version,
        protocol="token",
        registry="acme",
    )
    return Pull(at, decided, "docker/27.3", "192.0.2.10", "", new_key())
