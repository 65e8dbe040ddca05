"""The question of whatever stands in front of a registry: may this request go on?

Asked at every request of a client, by a proxy or by the registry itself, so that a changed rule
counts from the next request on. One answer in the form that each of them understands: 200, 401
with a challenge, 403, or 503 when it can't be known. The reason stands in a header, and in a body
as a registry would word it, for those who pass one of them on.
"""

import json
from collections.abc import Callable

from permissions.authorize import authorize, authorize_catalog, authorize_login
from permissions.callers import registry_with_secret
from permissions.core.decision import Decision
from permissions.core.facts import Registry
from permissions.core.login import LoginDecision
from permissions.core.policy import Rule
from permissions.core.reference import HUB, fold_host
from permissions.core.text import shown
from permissions.facts import ANONYMOUS, Asker, Claim
from permissions.reading import moments_now
from registries.credentials import BadCredentials, TooManyAttempts, claim_of, decode_basic
from registries.http import Answer, Request, json_answer
from registries.pull_log import Protocol, note
from registries.registry_request import CATALOG, PING, RegistryRequest, Unreadable

CREDENTIAL = "x-registry-token"

_LONGEST_REASON = 1000
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Hubadmin"'}
_CODES = {401: "UNAUTHORIZED", 403: "DENIED", 503: "UNAVAILABLE"}

Reading = Callable[[], RegistryRequest]
Verdict = Decision | LoginDecision


class UnknownRegistry(Exception):
    """What asks has no credential of a connected registry."""


class Elsewhere(Exception):
    """The client means another registry than the one that it has reached."""


def answer_to_client(request: Request, protocol: Protocol, secret: str, reading: Reading) -> Answer:
    """Decide what a client does, who shows who they are by `Authorization`, or comes as nobody.

    `secret` is the registry's own credential; `reading` tells what the client does.
    """
    try:
        registry = connected_registry(secret)
        asked = reading()
        claim = _claim(request)
        action, verdict = decided(claim, registry, asked)
    except BadCredentials as error:
        return refused(401, str(error))
    except (UnknownRegistry, Unreadable, Elsewhere, TooManyAttempts) as error:
        return refused(403, str(error))
    # Layers follow their manifest: one line says that the image was pulled.
    if isinstance(verdict, Decision) and not (asked.is_part and verdict.allowed):
        note(protocol, registry, claim, {action: verdict})
    return answer_of(verdict)


def connected_registry(secret: str) -> Registry:
    """The registry whose credential this is. Raises `UnknownRegistry`."""
    registry = registry_with_secret(secret)
    if registry is None:
        raise UnknownRegistry(
            "This registry's own credential is missing, unknown or revoked. "
            "Ask whoever runs the registry to configure it."
        )
    return registry


def decided(claim: Claim, registry: Registry, asked: RegistryRequest) -> tuple[str, Verdict]:
    """Decide what is done at a registry, and say which action the verdict is about: a mount takes
    a push and a pull of its source (D13).

    Raises `Elsewhere`, and `NotYetKnown` rather than guess.
    """
    _check_upstream(registry, asked.upstream)
    asker = Asker(registry)
    if asked.action == PING:
        return PING, authorize_login(claim, registry)
    if asked.action == CATALOG:
        return CATALOG, authorize_catalog(claim, asker)
    image = f"{registry.host}/{asked.repository}{asked.reference}"
    decision = authorize(claim, asker, image, asked.action)
    if decision.allowed and asked.mounted_from:
        source = f"{registry.host}/{asked.mounted_from}"
        return "pull", authorize(claim, asker, source, "pull")
    return asked.action, decision


def answer_of(verdict: Verdict) -> Answer:
    """A decision as a live check's answer."""
    if verdict.allowed:
        return json_answer(200, {})
    return refused(401 if verdict.rule is Rule.ANONYMOUS_DENIED else 403, verdict.reason)


def refused(status: int, reason: str) -> Answer:
    """A refusal with its reason, which a client shows where it gets as far as that."""
    body = {"errors": [{"code": _CODES[status], "message": reason, "detail": None}]}
    return json_answer(
        status,
        body,
        {
            "X-Denied-Reason": json.dumps(reason[:_LONGEST_REASON])[1:-1],
            "Docker-Distribution-Api-Version": "registry/2.0",
            **(_CHALLENGE if status == 401 else {}),
        },
    )


def failed(status: int, message: str) -> Answer:
    """An error of the mount's: a proxy takes any status but these for a fault of its own."""
    return refused(503 if status >= 500 else 403, message)


def _claim(request: Request) -> Claim:
    if "authorization" not in request.headers:
        return ANONYMOUS
    basic = request.authorization("Basic")
    if basic is None:
        raise BadCredentials("Sign in with HTTP Basic credentials.")
    name, secret = decode_basic(basic)
    if not name and not secret:
        return ANONYMOUS  # so podman and skopeo put it, and it is no guess at anybody's password
    return claim_of(name, secret, request.address, moments_now())


def _check_upstream(registry: Registry, named: str) -> None:
    """A mirror may be told whose image is wanted, and could fetch it from there."""
    answered_for = {registry.host, HUB} if registry.upstream_hub else {registry.host}
    if named and fold_host(named) not in answered_for:
        raise Elsewhere(f"This registry answers for {registry.host} only, not for {shown(named)}.")
