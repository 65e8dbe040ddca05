"""What the two questions of a Kubernetes API server have in common: who asks, and the verdict.

Neither names a person whom we know, so the namespace is judged, as an ordinary member of the
organization that answers for it (D16).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from permissions.authorize import authorize_pulls
from permissions.callers import cluster_with_secret
from permissions.core.decision import Decision
from permissions.core.policy import Rule, SubjectKind
from permissions.core.reasons import unmapped
from permissions.core.text import shown
from permissions.facts import Asker, Claim, organization_at
from registries.http import Answer, Request, json_answer
from registries.pull_log import Protocol, note

MAX_IMAGES = 100
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Hubadmin"'}
REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    405: "MethodNotAllowed",
    413: "RequestEntityTooLarge",
    503: "ServiceUnavailable",
}


class Refused(Exception):
    """The request gets an error instead of a verdict."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Unreadable(Exception):
    """The review can't be read, so that nothing in it is allowed. The text says where."""


class Meta(msgspec.Struct, rename="camel"):
    """What every object of Kubernetes says first."""

    api_version: str
    kind: str


@dataclass(frozen=True, slots=True)
class Question:
    """By which protocol a cluster asks, and whether it only tries what would be answered."""

    protocol: Protocol
    cluster: str
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The one answer for all images of a workload; `audit` goes into the cluster's audit log."""

    allowed: bool
    reason: str = ""
    audit: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    code: int = 403


def failed(status: int, message: str) -> Answer:
    """An error as a `Status` of Kubernetes, whose message the API server passes on."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "reason": REASONS.get(status, "InternalError"),
        "code": status,
    }
    return json_answer(status, body, CHALLENGE if status == 401 else None)


def asking_cluster(request: Request) -> str:
    """The name of the cluster whose credential came. Raises `Refused`."""
    cluster = cluster_with_secret(request.authorization("Bearer") or "")
    if cluster is None:
        raise Refused(
            401,
            "Send the credential of a connected cluster as a bearer token; this one is missing, "
            "unknown or revoked.",
        )
    return cluster


def require_kind(body: bytes, api_version: str, kind: str) -> None:
    """Raise `Refused` unless the body is a JSON object of this kind."""
    try:
        meta = msgspec.json.decode(body, type=Meta)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"The body is malformed: {error}.") from error
    if (meta.api_version, meta.kind) != (api_version, kind):
        raise Refused(
            400,
            f"The body is a {shown(meta.kind)} of {shown(meta.api_version)}; "
            f"send a {kind} of {api_version}.",
        )


def judge(question: Question, namespace: str, images: Sequence[str]) -> Verdict:
    """The verdict on a workload's images: all are allowed, or none (an empty list is not).

    Raises `NotYetKnown`, never guesses.
    """
    wanted = list(dict.fromkeys(images))
    if not wanted:
        return Verdict(False, "It names no image, so there is nothing to allow.", code=400)
    if len(wanted) > MAX_IMAGES:
        return Verdict(
            False,
            f"It names {len(wanted)} different images; at most {MAX_IMAGES} are judged together. "
            "Split it.",
        )
    whom = f"{question.cluster}/{namespace}"
    organization = organization_at(question.cluster, namespace)
    if organization is None:
        return Verdict(False, unmapped(whom), {"rule": Rule.UNKNOWN_SUBJECT})
    claim = Claim(SubjectKind.CLUSTER, whom)
    decisions = authorize_pulls(claim, Asker(organization=organization), wanted)
    for decision in () if question.dry_run else decisions.values():
        note(question.protocol, None, claim, {"pull": decision})
    return _joined(decisions)


def _joined(decisions: Mapping[str, Decision]) -> Verdict:
    refused = {image: one for image, one in decisions.items() if not one.allowed}
    monitored = {image: one for image, one in decisions.items() if one.rule is Rule.MONITORED}
    telling = next(iter((refused or monitored or decisions).values()))
    return Verdict(
        allowed=not refused,
        reason=_sentences(refused),
        audit=_annotations(telling),
        warnings=tuple(f"{_named(image, one)}: {one.reason}" for image, one in monitored.items()),
    )


def _sentences(refused: Mapping[str, Decision]) -> str:
    """Name each refused image, those with the same reason together."""
    images: dict[str, list[str]] = {}
    for image, decision in refused.items():
        images.setdefault(decision.reason, []).append(_named(image, decision))
    return " ".join(f"Refused {', '.join(names)}: {reason}" for reason, names in images.items())


def _named(image: str, decision: Decision) -> str:
    """The image as it was written; one that can't be read is shown with care."""
    return shown(image) if decision.rule is Rule.INVALID_REFERENCE else image


def _annotations(decision: Decision) -> dict[str, str]:
    facts = {
        "rule": decision.rule,
        "image": decision.image,
        "category": decision.category,
        "organization": decision.organization,
        "policy-version": decision.policy_version,
        "site-version": decision.site_version,
    }
    return {key: str(value) for key, value in facts.items() if value is not None}
