"""What every AuthZEN endpoint does first: whose credential is it, and what does the body say?"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import msgspec

from orgs.secrets import SecretKind, claimed_kind
from permissions.callers import (
    TokenHolder,
    organization_token_holder,
    personal_token_holder,
    registry_with_secret,
)
from permissions.core.facts import Registry
from permissions.core.policy import SubjectKind, TokenScope
from permissions.facts import Asker, Claim, organization_facts, user_known_as
from permissions.reading import moments_now
from registries.http import Answer, Request, json_answer

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Hubadmin"'}
IMAGE = "image"

_SUBJECTS: dict[str, SubjectKind] = {
    kind: kind for kind in (SubjectKind.USER, SubjectKind.TOKEN, SubjectKind.ANONYMOUS)
}

T = TypeVar("T")


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
    """What is asked about. Properties stay as they were sent, so that a key that stands there
    twice can be seen."""

    type: str
    id: str
    properties: msgspec.Raw = msgspec.Raw(b"{}")


class Context(msgspec.Struct):
    organization: str | None = None
    min_policy_version: int | None = None


class Caller(msgspec.Struct, frozen=True):
    """Whose bearer credential came: a registry's, or one that may ask for some organizations.

    `organizations` is None for a registry of the whole site, which may ask for every one.
    """

    key: str
    asker: Asker
    organizations: tuple[str, ...] | None


def answering(
    respond: Callable[[Request, Caller], dict[str, Any] | msgspec.Raw],
) -> Callable[[Request], Answer]:
    """Make an endpoint of what responds to a known caller; what it refuses is an error."""

    @wraps(respond)
    def handle(request: Request) -> Answer:
        try:
            return json_answer(200, respond(request, _caller(request)))
        except Refused as error:
            return json_answer(error.status, str(error), error.headers)

    return handle


def failed(status: int, message: str) -> Answer:
    """An error as the specification has it: its message as a string."""
    return json_answer(status, message)


def body_of(request: Request, decoder: msgspec.json.Decoder[T]) -> T:
    """The request's JSON body. Raises `Refused`."""
    if request.media_type() != "application/json":
        raise Refused(400, "Send the body as application/json.")
    return decoded(request.body, decoder, "body")


def decoded(text: bytes | msgspec.Raw, decoder: msgspec.json.Decoder[T], what: str) -> T:
    """`text` as the decoder reads it. Raises `Refused`, naming the place in `what`."""
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"The {what} is malformed: {error}.") from error


def asker_for(caller: Caller, context: Context) -> Asker:
    """Who asks, for the organization that the context names. Raises `Refused`."""
    named = context.organization
    if named is None and context.min_policy_version is None and caller.asker.registry is not None:
        return caller.asker
    if context.min_policy_version is not None and named is None:
        raise Refused(400, "context.min_policy_version needs context.organization beside it.")
    if caller.organizations is None:
        allowed = named is None or organization_facts(named) is not None
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


def claim_of(subject: Subject) -> Claim | None:
    """Whom a subject means, or None for a type of subject that is unknown here."""
    kind = _SUBJECTS.get(subject.type)
    if kind is None:
        return None
    return Claim(kind, "" if kind is SubjectKind.ANONYMOUS else subject.id)


def _caller(request: Request) -> Caller:
    secret = request.authorization("Bearer") or ""
    now = moments_now()
    match claimed_kind(secret):
        case SecretKind.REGISTRY:
            registry = registry_with_secret(secret)
            if registry is not None:
                return _registry(registry)
        case SecretKind.ORGANIZATION:
            token = organization_token_holder(secret, now)
            if token is not None:
                return _organization(token, [token.name])
        case SecretKind.PERSONAL:
            personal = personal_token_holder(secret, now)
            if personal is not None:
                return _organization(personal, _owned_by(personal.name))
    raise Refused(
        401,
        "Send the credential of a connected registry as a bearer token; this one is missing, "
        "unknown, expired or revoked.",
        CHALLENGE,
    )


@lru_cache
def _registry(registry: Registry) -> Caller:
    own = (registry.organization,) if registry.organization else None
    return Caller(registry.service, Asker(registry), own)


def _owned_by(username: str) -> list[str]:
    user = user_known_as(username)
    standings = user.subject.standings if user is not None else {}
    return sorted(name for name, standing in standings.items() if standing.is_owner)


def _organization(token: TokenHolder, organizations: list[str]) -> Caller:
    if token.scope is not TokenScope.ADMIN:
        raise Refused(403, f"This access token has scope {token.scope}; this API needs repo:admin.")
    if token.limits is not None:
        raise Refused(
            403,
            "This access token is limited to repositories; this API needs one without limits.",
        )
    if not organizations:
        raise Refused(403, "This access token's user owns no organization to ask for.")
    return Caller(token.public_id, Asker(may_tell_unknown=False), tuple(organizations))
