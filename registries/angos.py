"""The Angos registry's authorization webhook: `GET /authz/angos`.

Angos has told apart its clients and its routes by itself: it names the user, the action and the
repository, and sends the registry's credential as a bearer token. 2xx is yes, all else is no.
"""

from orgs.guards import Guard
from permissions.core.decision import Decision
from permissions.core.policy import Rule, SubjectKind
from permissions.core.text import shown
from permissions.facts import ANONYMOUS, Claim
from permissions.reading import once
from registries import live_check_openapi
from registries.http import Answer, Request, Route
from registries.live_check import (
    Elsewhere,
    UnknownRegistry,
    answer_of,
    connected_registry,
    decided,
    failed,
    refused,
)
from registries.pull_log import Protocol, note
from registries.registry_request import (
    CATALOG,
    PING,
    RegistryRequest,
    Unreadable,
    mounted_from,
    repository_named,
)
from registries.throttle import UNKNOWN_SUBJECTS, count

WHOLE_REGISTRY = {"get-api-version": PING, "list-catalog": CATALOG}
IN_A_REPOSITORY = {
    "get-manifest": "pull",
    "get-blob": "pull",
    "get-referrers": "pull",
    "list-tags": "pull",
    "put-manifest": "push",
    "start-upload": "push",
    "get-upload": "push",
    "update-upload": "push",
    "complete-upload": "push",
    "cancel-upload": "push",
    "delete-manifest": "delete",
    "delete-blob": "delete",
}


def handle(request: Request) -> Answer:
    """Answer whether Angos may do what its client asks for."""
    try:
        registry = connected_registry(request.authorization("Bearer") or "")
        asked = _asked(request)
        claim = _claim(request)
        action, verdict = decided(claim, registry, asked)
    except (UnknownRegistry, Unreadable, Elsewhere) as error:
        return refused(403, str(error))
    if verdict.rule is Rule.UNKNOWN_SUBJECT and not once(
        "unknown", lambda: count(UNKNOWN_SUBJECTS, registry.service)
    ):
        return refused(403, "Too many unknown users lately. Wait a minute.")
    is_part = asked.is_part and not request.headers["x-registry-action"].endswith("-manifest")
    if isinstance(verdict, Decision) and not (is_part and verdict.allowed):
        note(Protocol.ANGOS, registry, claim, {action: verdict})
    return answer_of(verdict)


def _claim(request: Request) -> Claim:
    name = request.headers.get("x-registry-username", "")
    return Claim(SubjectKind.USER, name) if name else ANONYMOUS


def _asked(request: Request) -> RegistryRequest:
    name = request.headers.get("x-registry-action", "")
    if name in WHOLE_REGISTRY:
        return RegistryRequest(WHOLE_REGISTRY[name])
    if name not in IN_A_REPOSITORY:
        raise Unreadable(f"The action {shown(name)} can't be allowed here.")
    repository = repository_named(request.headers.get("x-registry-namespace", ""))
    source = ""
    if name == "start-upload":
        # The one thing that Angos doesn't tell by itself.
        _, _, query = request.headers.get("x-forwarded-uri", "").partition("?")
        source = mounted_from(query)
    return RegistryRequest(IN_A_REPOSITORY[name], repository, mounted_from=source)


ROUTES = (
    Route(
        "/authz/angos",
        ("GET",),
        handle,
        failed,
        Guard.TOKEN,
        live_check_openapi.ANGOS,
        reads=(
            "authorization",
            "x-registry-action",
            "x-registry-namespace",
            "x-registry-username",
            "x-forwarded-uri",
        ),
    ),
)
