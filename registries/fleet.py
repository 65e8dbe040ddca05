"""What fleet tools fetch, for ever at one address: an organization's artefacts of Enforce Sign-in.

Beside each stand its hash, `<artefact>.sha256`, and its signature, `<artefact>.p7s`. The access
token says whose they are. One of any scope will do, as the files are no secret: what counts is
that an owner has made it (S4).
"""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from django.utils import timezone

from enforcement.artefacts import NAMES, Artefact
from enforcement.handing_out import hand_out
from orgs.guards import Guard
from orgs.models import Organization
from orgs.queries import organization_named
from permissions.callers import organization_token_holder
from permissions.core.text import shown
from registries import fleet_openapi
from registries.http import Answer, Request, Route, json_answer
from registries.signing import current_signer

PREFIX = "/fleet"
# Asked again every time, which costs little: a change has to reach machines.
CACHING = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


@dataclass(frozen=True, slots=True)
class Representation:
    """What is answered, and its entity tag: a strong one, unless the bytes differ every time."""

    artefact: Artefact
    entity_tag: str


class Refused(Exception):
    """The request gets an error instead of a file."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def handle(request: Request) -> Answer:
    """Answer with an artefact, its hash or its signature."""
    try:
        organization = _organization(request)
        found = _representation(request.path.removeprefix(f"{PREFIX}/"), organization)
    except Refused as error:
        return failed(error.status, str(error))
    headers = {**CACHING, "ETag": found.entity_tag}
    if _has_already(request, found.entity_tag):
        return Answer(304, headers=headers)
    file = found.artefact
    digest = base64.b64encode(hashlib.sha256(file.body).digest()).decode()
    return Answer(
        200,
        file.body,
        {
            **headers,
            "Content-Type": file.media_type,
            "Content-Disposition": f'attachment; filename="{file.filename}"',
            "Repr-Digest": f"sha-256=:{digest}:",
        },
    )


def failed(status: int, message: str) -> Answer:
    """An error as problem details (RFC 9457)."""
    title = HTTPStatus(status).phrase
    problem = {"type": "about:blank", "title": title, "status": status, "detail": message}
    headers = {"Content-Type": "application/problem+json"}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Hubadmin"'
    return json_answer(status, problem, headers)


def _organization(request: Request) -> Organization:
    """Whose access token came, if its plan has Enforce Sign-in. Raises `Refused`."""
    token = organization_token_holder(request.authorization("Bearer") or "", timezone.now())
    organization = organization_named(token.name) if token is not None else None
    if organization is None:  # or it was deleted a moment ago, and its token with it
        raise Refused(
            401,
            "Send an access token of your organization as a bearer token; this one is missing, "
            "unknown, expired or revoked.",
        )
    others = [name for name in request.parameters().get("org", []) if name != organization.name]
    if others:
        raise Refused(
            403,
            f"This access token is {organization.name}'s, so it can't add {shown(others[0])}. "
            "Owners of several organizations download files for them from the page.",
        )
    if not organization.has_business_plan:
        raise Refused(
            403,
            f"Enforce Sign-in needs the Business plan, and {organization.name} does not have it. "
            "Ask site staff for it.",
        )
    return organization


def _representation(name: str, organization: Organization) -> Representation:
    for ending, represent in _REPRESENTATIONS.items():
        if name.endswith(ending) and (of := name.removesuffix(ending)) in NAMES:
            return represent(hand_out(of, [organization.docker_organization]))
    raise Refused(
        404,
        f"There is no {shown(name)} here. There are {', '.join(NAMES)}, each also with .sha256 "
        "and .p7s after it.",
    )


def _itself(file: Artefact) -> Representation:
    return Representation(file, f'"{_sha256(file.body)}"')


def _hash(file: Artefact) -> Representation:
    """A line that `sha256sum --check` reads."""
    line = f"{_sha256(file.body)}  {file.filename}\n".encode()
    return _itself(Artefact(f"{file.filename}.sha256", "text/plain; charset=utf-8", line))


def _signature(file: Artefact) -> Representation:
    signer = current_signer(timezone.now())
    signature = signer.sign_detached(file.body)
    # No two signatures are the same, but one is as good as another by the same key.
    entity_tag = f'W/"{_sha256(file.body)}-{signer.header["kid"][:16]}"'
    media_type = "application/pkcs7-signature"
    return Representation(Artefact(f"{file.filename}.p7s", media_type, signature), entity_tag)


_REPRESENTATIONS: dict[str, Callable[[Artefact], Representation]] = {
    "": _itself,
    ".sha256": _hash,
    ".p7s": _signature,
}


def _has_already(request: Request, entity_tag: str) -> bool:
    """Whether `If-None-Match` has the tag, compared weakly (RFC 9110, section 13.1.2)."""
    wanted = request.headers.get("if-none-match", "")
    return wanted.strip() == "*" or entity_tag.removeprefix("W/") in _ENTITY_TAG.findall(wanted)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


ROUTES = (
    Route(PREFIX, ("GET", "HEAD"), handle, failed, Guard.TOKEN, fleet_openapi.ARTEFACT, below=True),
)
