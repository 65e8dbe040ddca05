"""What protocol modules say to the pull log: one line, `note(…)`, for each thing they decided.

Nothing here waits for the database. What the pages ask (*Can X pull Y?*) is no pull and is not
noted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from audit import pull_writer
from audit.models import CLIENT_LENGTH, IMAGE_LENGTH, REPOSITORY_LENGTH, SUBJECT_LENGTH
from audit.pull_log import Decided, Pull, PullLog, new_key
from orgs.queries import organizations_named
from permissions.core.decision import Decision
from permissions.core.facts import Registry
from permissions.core.policy import SubjectKind
from permissions.facts import Claim
from permissions.reading import afterwards
from registries.http import Request

ACTION_LENGTH, REQUEST_ID_LENGTH = 40, 128
REPORTED = "reported"
"""The rule of what a registry reports after the fact: nobody was asked."""


class Protocol(StrEnum):
    """By which way a question came."""

    TOKEN = "token"
    AUTHZEN = "authzen"
    NGINX = "nginx"
    ENVOY = "envoy"
    TRAEFIK = "traefik"
    ANGOS = "angos"
    IMAGE_REVIEW = "image_review"
    ADMISSION = "admission"
    NOTIFICATION = "notification"


def new_log(*, threaded: bool = True) -> PullLog:
    """A pull log of organizations, as this process has one."""
    return PullLog(
        partial(pull_writer.write, organization_ids=_organization_ids), threaded=threaded
    )


def _organization_ids(names: Collection[str]) -> dict[str, int]:
    return {one.name: one.pk for one in organizations_named(names)}


log = new_log()


def note(
    protocol: Protocol,
    registry: Registry | None,
    claim: Claim,
    decisions: Mapping[str, Decision],
) -> None:
    """Log what was decided, by action, whenever it is answered; never waits, never fails.

    `registry` is the connected registry that asked, None for an organization's own credential.
    """
    service = registry.service if registry else ""
    afterwards(
        Noted(
            tuple(
                decided
                for action, decision in decisions.items()
                for decided in _decided(decision, action, claim, protocol, service)
            )
        )
    )


@dataclass(frozen=True, slots=True)
class Noted:
    """What was decided about a question; logged at each request that puts it."""

    decided: tuple[Decided, ...]

    def __call__(self, now: datetime, request: Request) -> None:
        client, request_id = request.headers.all_of(("user-agent", "x-request-id"), "")
        client, request_id = client[:CLIENT_LENGTH], request_id[:REQUEST_ID_LENGTH]
        address = _address(request.address)
        log.add(
            [Pull(now, decided, client, address, request_id, new_key()) for decided in self.decided]
        )


def _decided(
    decision: Decision, action: str, claim: Claim, protocol: Protocol, service: str
) -> tuple[Decided, ...]:
    """A decision by each organization that has decided."""
    return tuple(
        Decided(
            organization=one.organization if one else None,
            subject_kind=claim.kind,
            subject_id=claim.id[:SUBJECT_LENGTH],
            action=action[:ACTION_LENGTH],
            image=decision.image[:IMAGE_LENGTH],
            repository=(decision.classified_as or "")[:REPOSITORY_LENGTH],
            category=(one.category or "") if one else "",
            rule=one.rule if one else decision.rule,
            allowed=one.allowed if one else decision.allowed,
            policy_version=one.policy_version if one else None,
            protocol=protocol,
            registry=service,
            own_rule=one.own_rule if one and isinstance(one.own_rule, int) else 0,
            would_have=(one.would_have or "") if one else "",
        )
        for one in decision.organizations or (None,)
    )


@dataclass(frozen=True, slots=True)
class Event:
    """What a registry reports that it did. `id` is its own and tells a replay from news."""

    id: str
    at: datetime
    username: str
    action: str
    image: str
    repository: str
    organizations: Sequence[tuple[str, int]]  # whose log it goes to: name and policy version
    client: str = ""
    address: str = ""


def record_event(request: Request, registry: Registry, event: Event) -> None:
    """Log what a registry reports, under the rule `reported`; a replay counts once.

    The decision before it has its own line, under the protocol that asked: whoever counts pulls
    takes the decisions or the reports, not both.
    """
    name = f"urn:hubadmin:event:{registry.service}:{event.id}"
    kind = SubjectKind.USER if event.username else SubjectKind.ANONYMOUS
    pulls = [
        Pull(
            at=event.at,
            decided=Decided(
                organization=organization,
                subject_kind=kind,
                subject_id=event.username[:SUBJECT_LENGTH],
                action=event.action[:ACTION_LENGTH],
                image=event.image[:IMAGE_LENGTH],
                repository=event.repository[:REPOSITORY_LENGTH],
                category="",
                rule=REPORTED,
                allowed=True,
                policy_version=version,
                protocol=Protocol.NOTIFICATION,
                registry=registry.service,
            ),
            client=event.client[:CLIENT_LENGTH],
            address=_address(event.address),
            request_id=request.headers.get("x-request-id", "")[:REQUEST_ID_LENGTH],
            key=uuid5(NAMESPACE_URL, f"{name}:{organization}").hex,
        )
        for organization, version in event.organizations
    ]
    afterwards(lambda now, occasion: log.add(pulls))


def _address(text: str) -> str | None:
    return text if settings.PULL_LOG_ADDRESSES and text else None
