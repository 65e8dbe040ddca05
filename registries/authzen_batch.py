"""AuthZEN's `POST /access/v1/evaluations`: several questions in one request, as of one moment."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from orgs.guards import Guard
from permissions.core.policy import SubjectKind
from permissions.facts import expect_users
from permissions.snapshots.memory import NotYetKnown
from registries import authzen_openapi
from registries.authzen import EVALUATION_DECODER, EVALUATIONS, Response, evaluated, response
from registries.authzen_request import Caller, Refused, Subject, answering, body_of, decoded, failed
from registries.http import Request, Route

MOST_ITEMS = 1000
# A default is replaced by an item's own object as a whole, never mixed with it.
DEFAULTS = ("subject", "action", "resource", "context")

Object = dict[str, msgspec.Raw]

_object = msgspec.json.Decoder(Object)
_items = msgspec.json.Decoder(list[msgspec.Raw])


class Options(msgspec.Struct):
    evaluations_semantic: str = "execute_all"


class About(msgspec.Struct):
    subject: Subject | None = None


_options = msgspec.json.Decoder(Options)
_about = msgspec.json.Decoder(About)

# Whether a decision is the last one, by the semantic that was asked for.
STOPS: dict[str, Callable[[bool], bool]] = {
    "execute_all": lambda allowed: False,
    "deny_on_first_deny": lambda allowed: not allowed,
    "permit_on_first_permit": lambda allowed: allowed,
}


@answering
def evaluate_all(request: Request, caller: Caller) -> dict[str, Any] | msgspec.Raw:
    """Answer each evaluation in order, or the one that the body itself is if it lists none."""
    body = body_of(request, _object)
    options = decoded(body.get("options", msgspec.Raw(b"{}")), _options, "options object")
    stops = STOPS.get(options.evaluations_semantic)
    if stops is None:
        raise Refused(400, f"The evaluations_semantic must be one of {', '.join(STOPS)}.")
    items = decoded(body.get("evaluations", msgspec.Raw(b"[]")), _items, "list of evaluations")
    if not items:
        return _evaluated(caller, body).json
    if len(items) > MOST_ITEMS:
        raise Refused(413, f"Send at most {MOST_ITEMS} evaluations at once, not {len(items)}.")
    defaults = {name: body[name] for name in DEFAULTS if name in body}
    expect_users(_users_in(defaults, items))
    answers: list[msgspec.Raw] = []
    for item in items:
        answer = _answer(caller, defaults, item)
        answers.append(answer.json)
        if stops(answer.decision):
            break
    return {"evaluations": answers}


def _answer(caller: Caller, defaults: Object, item: msgspec.Raw) -> Response:
    """One item's answer; what goes wrong with it alone is a denial that says so."""
    try:
        return _evaluated(caller, defaults | decoded(item, _object, "evaluation"))
    except Refused as error:
        return _error(error.status, str(error))
    except NotYetKnown as error:
        return _error(503, str(error))


def _users_in(defaults: Object, items: list[msgspec.Raw]) -> set[str]:
    """The users that the items ask about, as far as they can be read."""
    named = set()
    for item in (msgspec.Raw(msgspec.json.encode(defaults)), *items):
        with suppress(msgspec.MsgspecError):
            subject = _about.decode(item).subject
            if subject is not None and subject.type == SubjectKind.USER:
                named.add(subject.id)
    return named


def _evaluated(caller: Caller, given: Object) -> Response:
    named = {name: given[name] for name in DEFAULTS if name in given}
    text = msgspec.json.encode(named)
    return evaluated(caller, decoded(text, EVALUATION_DECODER, "evaluation"))


def _error(status: int, message: str) -> Response:
    error = {"status": status, "message": message}
    return response({"decision": False, "context": {"error": error}})


ROUTES = (
    Route(EVALUATIONS, ("POST",), evaluate_all, failed, Guard.TOKEN, authzen_openapi.EVALUATIONS),
)
