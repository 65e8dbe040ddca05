"""AuthZEN's searches: what may somebody do with an image, and who may do something with it?

There is no search for resources: which images there are, only registries know. An id or a type
that is unknown here finds nothing; it is no error.
"""

from functools import partial
from typing import Any

import msgspec

from orgs.guards import Guard
from orgs.models import Organization
from orgs.queries import active_member_names, organization_named
from permissions.authorize import authorize
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim
from registries import authzen_openapi
from registries.authzen import SEARCH_ACTION, SEARCH_SUBJECT
from registries.authzen_page import Page, page_of
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
from registries.http import Request, Route

ACTIONS = ("delete", "pull", "push")


class AnySubject(msgspec.Struct):
    type: str


class ActionSearch(msgspec.Struct):
    subject: Subject
    resource: Resource
    context: Context | None = None
    page: Page = msgspec.field(default_factory=Page)


class SubjectSearch(msgspec.Struct):
    subject: AnySubject
    action: Action
    resource: Resource
    context: Context | None = None
    page: Page = msgspec.field(default_factory=Page)


_action_search = msgspec.json.Decoder(ActionSearch)
_subject_search = msgspec.json.Decoder(SubjectSearch)


@answering
def search_actions(request: Request, caller: Caller) -> dict[str, Any]:
    """Answer which of pull, push and delete the subject may do with an image."""
    asked = body_of(request, _action_search)
    asker = asker_for(caller, asked.context or Context())
    claim = claim_of(asked.subject)
    image = asked.resource.id

    def may(action: str) -> bool:
        return claim is not None and authorize(claim, asker, image, action).allowed

    known = claim is not None and asked.resource.type == IMAGE
    return page_of(
        asked.page,
        ("actions", caller.key, asker.organization, asked.subject.type, asked.subject.id, image),
        _actions_after if known else _none,
        may,
        lambda action: {"name": action},
    )


@answering
def search_subjects(request: Request, caller: Caller) -> dict[str, Any]:
    """Answer which active members of the asking organization may do something with an image."""
    asked = body_of(request, _subject_search)
    asker = asker_for(caller, asked.context or Context())
    organization = _asking_organization(caller, asker)
    action, image = asked.action.name, asked.resource.id

    def may(username: str) -> bool:
        return authorize(Claim(SubjectKind.USER, username), asker, image, action).allowed

    known = asked.subject.type == SubjectKind.USER and asked.resource.type == IMAGE
    return page_of(
        asked.page,
        ("subjects", caller.key, organization.name, action, image),
        partial(active_member_names, organization) if known else _none,
        may,
        lambda username: {"type": SubjectKind.USER, "id": username},
    )


def _asking_organization(caller: Caller, asker: Asker) -> Organization:
    """Whose members may be listed: never those of an organization that does not ask itself."""
    names = caller.organizations or ()
    name = asker.organization or (names[0] if len(names) == 1 else "")
    organization = organization_named(name) if name in names else None
    if organization is None:
        raise Refused(403, "Only a credential of an organization may search its members.")
    return organization


def _actions_after(name: str, most: int) -> list[str]:
    return [action for action in ACTIONS if action > name][:most]


def _none(name: str, most: int) -> list[str]:
    return []


ROUTES = (
    Route(
        SEARCH_ACTION,
        ("POST",),
        search_actions,
        failed,
        Guard.TOKEN,
        authzen_openapi.SEARCH_ACTION,
    ),
    Route(
        SEARCH_SUBJECT,
        ("POST",),
        search_subjects,
        failed,
        Guard.TOKEN,
        authzen_openapi.SEARCH_SUBJECT,
    ),
)
