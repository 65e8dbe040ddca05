"""OpenID AuthZEN Authorization API 1.0: `POST /access/v1/evaluation` and its metadata.

A denial is an answer (200, `decision: false`); an error's body is its message as a JSON string.
"""

from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from orgs.guards import Guard
from orgs.models import AccessToken
from orgs.queries import (
    organization_named,
    organization_token,
    owned_organizations,
    personal_token,
)
from orgs.secrets import SecretKind, kind_of
from permissions.authorize import authorize
from permissions.core.decision import Decision, OrganizationDecision
from permissions.core.policy import Rule, SubjectKind
from permissions.facts import Asker, Claim
from permissions.queries import registry_with_secret
from registries import authzen_openapi
from registries.http import Answer, Request, Route, json_answer
from registries.pull_log import Protocol, note
from registries.throttle import RETRY_AFTER_SECONDS, UNKNOWN_SUBJECTS, count, exceeded

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Hubadmin"'}
EVALUATION = "/access/v1/evaluation"
METADATA = "/.well-known/authzen-configuration"
SUBJECT_TYPES = (SubjectKind.USER, SubjectKind.TOKEN, SubjectKind.ANONYMOUS)


class Refused(Exception):
    """The request gets an error instead of a decision."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


class Subject(msgspec.Struct):
    type: str
    id: str


class Action(msgspec.Struct):
    name: str


class Resource(msgspec.Struct):
    type: str
    id: str


class Context(msgspec.Struct):
    organization: str | None = None
    min_policy_version: int | None = None


class Evaluation(msgspec.Struct):
    subject: Subject
    action: Action
    resource: Resource
    context: Context = msgspec.field(default_factory=Context)


class Caller(msgspec.Struct, frozen=True):
    """Whose bearer credential came: a registry's, or one that may ask for some organizations."""

    key: str
    asker: Asker
    organizations: tuple[str, ...] | None


_decoder = msgspec.json.Decoder(Evaluation)


def handle(request: Request) -> Answer:
    """Answer one evaluation."""
    try:
        caller = _caller(request)
        evaluation = _evaluation(request)
        return json_answer(200, _evaluated(request, caller, evaluation))
    except Refused as error:
        return json_answer(error.status, str(error), error.headers)


def describe(request: Request) -> Answer:
    """Answer with the metadata of this policy decision point."""
    return json_answer(
        200,
        {
            "policy_decision_point": settings.SITE_URL,
            "access_evaluation_endpoint": settings.SITE_URL + EVALUATION,
        },
    )


def failed(status: int, message: str) -> Answer:
    """An error as the specification has it: its message as a string."""
    return json_answer(status, message)


def _caller(request: Request) -> Caller:
    secret = request.authorization("Bearer") or ""
    now = timezone.now()
    match kind_of(secret):
        case SecretKind.REGISTRY:
            registry = registry_with_secret(secret, now)
            if registry is not None:
                own = (registry.organization,) if registry.organization else None
                return Caller(registry.service, Asker(registry), own)
        case SecretKind.ORGANIZATION:
            token = organization_token(secret, now)
            if token is not None:
                return _organization(token, [token.organization.name])
        case SecretKind.PERSONAL:
            personal = personal_token(secret, now)
            if personal is not None:
                owned = owned_organizations(personal.user)
                return _organization(personal, [organization.name for organization in owned])
    raise Refused(
        401,
        "Send the credential of a connected registry as a bearer token; this one is missing, "
        "unknown, expired or revoked.",
        CHALLENGE,
    )


def _organization(token: AccessToken, organizations: list[str]) -> Caller:
    if token.scope != AccessToken.Scope.ADMIN:
        raise Refused(403, f"This access token has scope {token.scope}; this API needs repo:admin.")
    if not organizations:
        raise Refused(403, "This access token's user owns no organization to ask for.")
    return Caller(token.public_id, Asker(may_tell_unknown=False), tuple(organizations))


def _evaluation(request: Request) -> Evaluation:
    if request.media_type() != "application/json":
        raise Refused(400, "Send the body as application/json.")
    try:
        return _decoder.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"The body is malformed: {error}.") from error


def _evaluated(request: Request, caller: Caller, evaluation: Evaluation) -> dict[str, Any]:
    asker = _asker(caller, evaluation.context)
    claim = _claim(evaluation.subject)
    if evaluation.resource.type != "image":
        raise Refused(400, 'The resource.type must be "image".')
    if exceeded(UNKNOWN_SUBJECTS, caller.key):
        raise Refused(
            429,
            "Too many unknown subjects lately. Wait a minute.",
            {"Retry-After": f"{RETRY_AFTER_SECONDS}"},
        )
    decision = authorize(claim, asker, evaluation.resource.id, evaluation.action.name)
    if decision.rule is Rule.UNKNOWN_SUBJECT:
        count(UNKNOWN_SUBJECTS, caller.key)
    note(
        request,
        Protocol.AUTHZEN,
        caller.asker.registry,
        claim,
        {evaluation.action.name: decision},
    )
    return answer_of(decision)


def _asker(caller: Caller, context: Context) -> Asker:
    named = context.organization
    if context.min_policy_version is not None and named is None:
        raise Refused(400, "context.min_policy_version needs context.organization beside it.")
    if caller.organizations is None:
        allowed = named is None or organization_named(named) is not None
    else:
        allowed = named is None or named in caller.organizations
    if not allowed:
        raise Refused(403, "This credential may not ask for that organization.")
    if named is None and caller.asker.registry is None and caller.organizations:
        if len(caller.organizations) > 1:
            raise Refused(
                400,
                "Name one in context.organization: this access token may ask for "
                f"{' and '.join(caller.organizations)}.",
            )
        named = caller.organizations[0]
    return Asker(
        registry=caller.asker.registry,
        organization=named,
        may_tell_unknown=caller.asker.may_tell_unknown,
        min_version=context.min_policy_version,
    )


def _claim(subject: Subject) -> Claim:
    if subject.type not in SUBJECT_TYPES:
        raise Refused(400, "The subject.type must be user, token or anonymous.")
    kind = SubjectKind(subject.type)
    return Claim(kind, "" if kind is SubjectKind.ANONYMOUS else subject.id)


def answer_of(decision: Decision) -> dict[str, Any]:
    """A decision as an evaluation response."""
    context: dict[str, Any] = {
        "rule": decision.rule,
        "category": decision.category,
        "organization": decision.organization,
        "policy_version": decision.policy_version,
        "site_version": decision.site_version,
        "image": decision.image,
        "classified_as": decision.classified_as,
        "reason": decision.reason,
    }
    if decision.catalog_entry is not None:
        context["catalog_entry"] = decision.catalog_entry
    if len(decision.organizations) > 1:
        context["organizations"] = [_of_organization(one) for one in decision.organizations]
    return {"decision": decision.allowed, "context": context}


def _of_organization(decision: OrganizationDecision) -> dict[str, Any]:
    return {
        "organization": decision.organization,
        "decision": decision.allowed,
        "rule": decision.rule,
        "category": decision.category,
        "policy_version": decision.policy_version,
        "reason": decision.reason,
    }


ROUTES = (
    Route(EVALUATION, ("POST",), handle, failed, Guard.TOKEN, authzen_openapi.EVALUATION),
    Route(METADATA, ("GET", "HEAD"), describe, failed, Guard.PUBLIC, authzen_openapi.METADATA),
)
