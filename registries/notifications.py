"""What a Distribution registry reports that it did: `POST /notifications/distribution`.

The registry sends an event after the fact and repeats it until it is answered with success, so
whatever is readable is: events of kinds that matter to nobody, of the future and of yesterday, out
of order, twice. What is logged of them never decides anything.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.utils import timezone

from orgs.guards import Guard
from permissions.authorize import organizations_concerned
from permissions.callers import registry_with_secret
from permissions.core.facts import Registry
from permissions.core.policy import SubjectKind
from permissions.core.reference import InvalidReference, parse
from permissions.facts import ANONYMOUS, Claim
from registries import notifications_openapi
from registries.http import Answer, Request, Route, json_answer
from registries.pull_log import Event, record_event

MAX_EVENTS = 1000
ACTIONS = ("pull", "push", "delete")
CHALLENGE = {"WWW-Authenticate": 'Bearer realm="Hubadmin"'}


class Target(msgspec.Struct, rename="camel"):
    repository: str
    digest: str = ""
    tag: str = ""
    media_type: str = ""


class Client(msgspec.Struct):
    method: str = ""
    addr: str = ""
    useragent: str = ""


class Actor(msgspec.Struct):
    name: str = ""


class Reported(msgspec.Struct):
    """One event, as far as it matters here."""

    id: str
    action: str
    target: Target
    timestamp: str = ""
    request: Client = msgspec.field(default_factory=Client)
    actor: Actor = msgspec.field(default_factory=Actor)

    @property
    def about_an_image(self) -> bool:
        """Whether an image was pulled, pushed or deleted.

        A pull of one image is reported as a pull of its manifest and of each of its blobs; and a
        look at what a tag means (HEAD) as a pull too.
        """
        kind = self.target.media_type
        manifest = "manifest" in kind or "image.index" in kind
        deleted = self.action == "delete" and not kind
        return bool(self.id) and self.request.method != "HEAD" and (manifest or deleted)


def handle(request: Request) -> Answer:
    """Take an envelope of events."""
    now = timezone.now()
    registry = registry_with_secret(request.authorization("Bearer") or "")
    if registry is None:
        return failed(
            401,
            "Send the credential of a connected registry as a bearer token; this one is missing, "
            "unknown or revoked.",
        )
    try:
        envelope = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return failed(400, f"The body is not JSON: {error}.")
    recorded = 0
    for reported in _reported(envelope):
        event = _event(registry, reported, now)
        if event is not None:
            record_event(request, registry, event)
            recorded += 1
    return json_answer(200, {"recorded": recorded})


def failed(status: int, message: str) -> Answer:
    """An error; a registry writes its status into its log."""
    return json_answer(status, {"message": message}, CHALLENGE if status == 401 else None)


def _reported(envelope: Any) -> Iterator[Reported]:
    """The events that can be read, of an envelope that may be anything."""
    events = envelope.get("events") if isinstance(envelope, dict) else None
    for event in events[:MAX_EVENTS] if isinstance(events, list) else ():
        try:
            yield msgspec.convert(event, Reported)
        except msgspec.ValidationError:
            continue


def _event(registry: Registry, reported: Reported, now: datetime) -> Event | None:
    """What goes into the log of it; None if nothing does."""
    at = _moment(reported.timestamp, now)
    kept_since = now - timedelta(days=settings.PULL_LOG_DAYS)
    if reported.action not in ACTIONS or not reported.about_an_image or at < kept_since:
        return None
    target = reported.target
    tag = f":{target.tag}" if target.tag else ""
    digest = f"@{target.digest}" if target.digest else ""
    try:
        # A registry reports about itself: the host is what it was connected with, whatever it says.
        image = str(parse(f"{registry.host}/{target.repository}{tag}{digest}"))
    except InvalidReference:
        return None
    name = reported.actor.name
    return Event(
        id=reported.id,
        at=at,
        username=name,
        action=reported.action,
        image=image,
        repository=f"{registry.host}/{target.repository}",
        organizations=organizations_concerned(_claim(name), registry, image, reported.action),
        client=reported.request.useragent,
        address=_without_port(reported.request.addr),
    )


def _claim(name: str) -> Claim:
    """Whose token it was: its subject is a user's name, or a token's public id."""
    if not name:
        return ANONYMOUS
    return Claim(SubjectKind.TOKEN if name.startswith("oat_") else SubjectKind.USER, name)


def _moment(text: str, now: datetime) -> datetime:
    """When it happened, by the registry's clock; now, if that makes no sense."""
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return now
    return now if moment.tzinfo is None else min(moment, now)


def _without_port(address: str) -> str:
    """`203.0.113.7` from `203.0.113.7:52514`, `2001:db8::1` from `[2001:db8::1]:52514`."""
    if address.startswith("["):
        return address[1:].partition("]")[0]
    return address.partition(":")[0] if address.count(":") == 1 else address


ROUTES = (
    Route(
        "/notifications/distribution",
        ("POST",),
        handle,
        failed,
        Guard.TOKEN,
        notifications_openapi.DISTRIBUTION,
    ),
)
