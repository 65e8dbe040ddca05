"""The Distribution token server: `GET` and `POST /auth/token`, and the certificate to trust.

Specification: Distribution's token authentication, its OAuth2 variant and its JWT. Where it
answers 200 with nothing granted we answer 401 `DENIED` with the reason, because that is what
clients show to people.
"""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from orgs.guards import Guard
from permissions.authorize import authorize_actions, authorize_catalog, authorize_login
from permissions.core.decision import Decision
from permissions.core.facts import Registry
from permissions.core.policy import Rule
from permissions.core.reference import InvalidReference, fold_host, parse
from permissions.core.scope import (
    InvalidScope,
    ResourceScope,
    merge,
    parse_scope,
    split_scopes,
)
from permissions.facts import Asker
from permissions.reading import moments_now
from registries import token_openapi
from registries.credentials import BadCredentials, TooManyAttempts
from registries.http import Answer, Request, Route, json_answer
from registries.pull_log import Protocol, note
from registries.refresh import offer
from registries.signing import Signer, authority_certificates, current_signer
from registries.throttle import RETRY_AFTER_SECONDS
from registries.token_request import Malformed, Wanted, read

LIFE_SECONDS = 60
WHOLE_CATALOG = "registry:catalog:*"
CHALLENGE = {"WWW-Authenticate": 'Basic realm="Hubadmin"'}


@dataclass(frozen=True, slots=True)
class Granted:
    """What one scope came to."""

    scope: ResourceScope
    actions: tuple[str, ...]
    denials: tuple[Decision, ...]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Token:
    """What a token says besides when it was issued, and what its answer says beside it."""

    signer: Signer
    claims: Mapping[str, Any]
    scope: str
    refresh_token: str | None

    def finish(self, now: datetime) -> Answer:
        """The answer with a token that is signed now."""
        issued_at = int(now.timestamp())
        claims = {
            **self.claims,
            "nbf": issued_at,
            "iat": issued_at,
            "exp": issued_at + LIFE_SECONDS,
            "jti": secrets.token_urlsafe(16),
        }
        signed = self.signer.sign(claims)
        body = {
            "token": signed,
            "access_token": signed,
            "expires_in": LIFE_SECONDS,
            "issued_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "scope": self.scope,
        }
        if self.refresh_token:
            body["refresh_token"] = self.refresh_token
        return json_answer(200, body)


def handle(request: Request) -> Answer | Token:
    """Answer a token request."""
    now = moments_now()
    try:
        wanted = read(request, now)
    except Malformed as error:
        return failed(400, str(error))
    except BadCredentials as error:
        return failed(401, str(error))
    except TooManyAttempts as error:
        answer = _errors(429, "TOOMANYREQUESTS", str(error))
        return Answer(429, answer.body, {**answer.headers, "Retry-After": f"{RETRY_AFTER_SECONDS}"})
    return _decided(wanted, now)


def hand_out_certificates(request: Request) -> Answer:
    """Answer with the certificates for a registry's `rootcertbundle`."""
    pem = authority_certificates(timezone.now())
    return Answer(200, pem, {"Content-Type": "application/x-pem-file"})


def failed(status: int, message: str) -> Answer:
    """An error in the form that registries' clients show to people."""
    codes = {401: "UNAUTHORIZED", 400: "UNSUPPORTED", 405: "UNSUPPORTED", 413: "SIZE_INVALID"}
    return _errors(status, codes.get(status, "UNAVAILABLE"), message)


def _decided(wanted: Wanted, now: datetime) -> Answer | Token:
    try:
        texts = split_scopes(wanted.scopes)
    except InvalidScope as error:
        return failed(400, str(error))
    if not texts:
        return _login(wanted, now)
    granted = _granted(wanted, texts)
    if not any(grant.scope.actions or grant.problem for grant in granted):
        return _login(wanted, now)  # resources were named, but nothing asked of them
    if any(grant.actions for grant in granted):
        return _token(wanted, granted, now)
    if any(denial.rule is Rule.ANONYMOUS_DENIED for grant in granted for denial in grant.denials):
        return failed(401, "Sign in first: run docker login, then try again.")
    return _errors(401, "DENIED", _reasons(granted))


def _login(wanted: Wanted, now: datetime) -> Answer | Token:
    decision = authorize_login(wanted.claim, wanted.registry)
    if decision.allowed:
        return _token(wanted, [], now)
    code = "UNAUTHORIZED" if decision.rule is Rule.ANONYMOUS_DENIED else "DENIED"
    return _errors(401, code, decision.reason)


def _granted(wanted: Wanted, texts: Iterable[str]) -> list[Granted]:
    scopes, refused = [], []
    for text in texts:
        try:
            scopes.append(parse_scope(text))
        except InvalidScope as error:
            refused.append(Granted(ResourceScope("", "", ()), (), (), str(error)))
    return [_grant(wanted, scope) for scope in merge(scopes)] + refused


def _grant(wanted: Wanted, scope: ResourceScope) -> Granted:
    asker = Asker(wanted.registry)
    if str(scope) == WHOLE_CATALOG:
        decisions: Mapping[str, Decision] = {"*": authorize_catalog(wanted.claim, asker)}
    elif scope.type == "repository":
        try:
            image = _image(wanted.registry, scope.name)
        except InvalidReference as error:
            return Granted(scope, (), (), str(error))
        decisions = authorize_actions(wanted.claim, asker, image, scope.actions)
    else:
        return Granted(scope, (), (), f"There is nothing of type {scope.type} to grant here.")
    note(Protocol.TOKEN, wanted.registry, wanted.claim, decisions)
    return Granted(
        scope,
        tuple(action for action in scope.actions if decisions[action].allowed),
        tuple(decision for decision in decisions.values() if not decision.allowed),
    )


def _image(registry: Registry, name: str) -> str:
    """The image reference for a scope's name, which is a path on the registry.

    A first component with a port can't be part of a path; it must then be the registry itself.
    Without a port it is one, whatever it looks like: the registry reads it so too.
    """
    first, slash, rest = name.partition("/")
    path = rest if slash and ":" in first and fold_host(first) == registry.host else name
    reference = parse(f"{registry.host}/{path}")
    if reference.path != path:
        raise InvalidReference(f"The scope names {name[:80]!r}, which is no repository's path.")
    return f"{registry.host}/{path}"


def _token(wanted: Wanted, granted: Iterable[Granted], now: datetime) -> Token:
    access = [_access(grant) for grant in granted if grant.actions]
    claims = {
        "iss": settings.SITE_URL,
        "sub": wanted.claim.id,
        "aud": wanted.registry.service,
        "access": access,
    }
    refresh_token = offer(wanted.stay, wanted.registry, now) if wanted.stay else None
    scope = " ".join(_spelled(entry) for entry in access)
    return Token(current_signer(now), claims, scope, refresh_token)


def _access(grant: Granted) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": grant.scope.type}
    if grant.scope.type_class:
        entry["class"] = grant.scope.type_class
    return {**entry, "name": grant.scope.name, "actions": list(grant.actions)}


def _spelled(entry: dict[str, Any]) -> str:
    return f"{entry['type']}:{entry['name']}:{','.join(entry['actions'])}"


def _reasons(granted: Iterable[Granted]) -> str:
    sentences = dict.fromkeys(
        sentence
        for grant in granted
        for sentence in (grant.problem, *(denial.reason for denial in grant.denials))
        if sentence
    )
    return " ".join(sentences) or "Nothing was asked for."


def _errors(status: int, code: str, message: str) -> Answer:
    body = {"errors": [{"code": code, "message": message, "detail": None}]}
    return json_answer(status, body, CHALLENGE if status == 401 else None)


ROUTES = (
    Route(
        "/auth/token",
        ("GET", "POST"),
        handle,
        failed,
        Guard.TOKEN,
        token_openapi.TOKEN,
        reads=("authorization", "content-type"),
    ),
    Route(
        "/auth/ca.pem",
        ("GET", "HEAD"),
        hand_out_certificates,
        failed,
        Guard.PUBLIC,
        token_openapi.CERTIFICATES,
    ),
)
