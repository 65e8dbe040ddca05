"""OpenID AuthZEN Authorization API 1.0: `POST /access/v1/evaluation` and the metadata.

A denial is an answer (200, `decision: false`); an error's body is its message as a JSON string.
"""

from typing import Any, NamedTuple

import msgspec
from django.conf import settings

from orgs.guards import Guard
from permissions.authorize import authorize
from permissions.core.decision import Decision, OrganizationDecision
from permissions.core.policy import Rule
from permissions.facts import Asker, Claim
from permissions.reading import once
from registries import authzen_openapi
from registries.authzen_request import (
    IMAGE,
    Action,
    Caller,
    Context,
    Refused,
    Resource,
    Subject,
    answering,
    asker_for,
    body_of,
    claim_of,
    failed,
)
from registries.authzen_sign_in import MACHINE, SIGN_IN, sign_in_answer
from registries.http import Answer, Request, Route, json_answer
from registries.pull_log import Protocol, note
from registries.throttle import RETRY_AFTER_SECONDS, UNKNOWN_SUBJECTS, count

EVALUATION = "/access/v1/evaluation"
EVALUATIONS = "/access/v1/evaluations"
SEARCH_SUBJECT = "/access/v1/search/subject"
SEARCH_ACTION = "/access/v1/search/action"
METADATA = "/.well-known/authzen-configuration"


class Response(NamedTuple):
    """A response to one evaluation: what it says, and all of it in JSON."""

    decision: bool
    json: msgspec.Raw


class Evaluation(msgspec.Struct):
    subject: Subject
    action: Action
    resource: Resource
    context: Context | None = None


EVALUATION_DECODER = msgspec.json.Decoder(Evaluation)


@answering
def evaluate(request: Request, caller: Caller) -> msgspec.Raw:
    """Answer one evaluation."""
    return evaluated(caller, body_of(request, EVALUATION_DECODER)).json


def describe(request: Request) -> Answer:
    """Answer with the metadata of this policy decision point.

    There is no search for resources: which images there are, only registries know.
    """
    return json_answer(
        200,
        {
            "policy_decision_point": settings.SITE_URL,
            "access_evaluation_endpoint": settings.SITE_URL + EVALUATION,
            "access_evaluations_endpoint": settings.SITE_URL + EVALUATIONS,
            "search_subject_endpoint": settings.SITE_URL + SEARCH_SUBJECT,
            "search_action_endpoint": settings.SITE_URL + SEARCH_ACTION,
        },
    )


def evaluated(caller: Caller, evaluation: Evaluation) -> Response:
    """The response to one evaluation. Raises `Refused`, or `NotYetKnown`."""
    asker = asker_for(caller, evaluation.context or Context())
    claim = claim_of(evaluation.subject)
    if claim is None:
        raise Refused(400, "The subject.type must be user, token or anonymous.")
    if (evaluation.resource.type, evaluation.action.name) == (MACHINE, SIGN_IN):
        return response(sign_in_answer(claim, asker, evaluation.resource))
    if evaluation.resource.type != IMAGE:
        raise Refused(400, f'The resource.type must be "{IMAGE}", or "{MACHINE}" for {SIGN_IN}.')
    return _about_image(caller, evaluation, claim, asker)


def _about_image(caller: Caller, evaluation: Evaluation, claim: Claim, asker: Asker) -> Response:
    image, action = evaluation.resource.id, evaluation.action.name
    decision = authorize(claim, asker, image, action)
    # Only who is unknown waits: somebody who guesses names must not stop everybody's pulls.
    if decision.rule is Rule.UNKNOWN_SUBJECT and not once(
        ("unknown", claim, image, action), lambda: count(UNKNOWN_SUBJECTS, caller.key)
    ):
        raise Refused(
            429,
            "Too many unknown subjects lately. Wait a minute.",
            {"Retry-After": f"{RETRY_AFTER_SECONDS}"},
        )
    note(Protocol.AUTHZEN, caller.asker.registry, claim, {action: decision})
    return answer_of(decision)


def answer_of(decision: Decision) -> Response:
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
    if decision.own_rule is not None:
        context["own_rule"] = decision.own_rule
    if decision.would_have is not None:
        context["would_have"] = decision.would_have
    if len(decision.organizations) > 1:
        context["organizations"] = [_of_organization(one) for one in decision.organizations]
    return response({"decision": decision.allowed, "context": context})


def response(content: dict[str, Any]) -> Response:
    """An evaluation response of this content."""
    return Response(content["decision"], msgspec.Raw(msgspec.json.encode(content)))


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
    Route(
        EVALUATION,
        ("POST",),
        evaluate,
        failed,
        Guard.TOKEN,
        authzen_openapi.EVALUATION,
        reads=("authorization", "content-type"),
    ),
    Route(METADATA, ("GET", "HEAD"), describe, failed, Guard.PUBLIC, authzen_openapi.METADATA),
)
