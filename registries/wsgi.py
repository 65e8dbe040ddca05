"""Protocol modules, mounted in front of Django in the same process.

Django's middleware costs ten times what a decision does. What its cycle does besides (signals
that close stale connections, allowed hosts, request ids) is done here.
"""

import re
import threading
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from http import HTTPStatus
from random import getrandbits
from typing import Any

import structlog
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, InterfaceError
from django.http.request import split_domain_port, validate_host
from prometheus_client import Histogram

from orgs.guards import SAFE_METHODS
from permissions.in_force import take_in
from permissions.snapshots.memory import NotYetKnown
from registries.bodies import TooLarge, read_body
from registries.headers import Headers
from registries.http import MAX_BODY, Answer, Request, Route
from registries.repeats import answer
from registries.routes import route_at

log = structlog.get_logger(__name__)

ANSWERED = Histogram(
    "hubadmin_protocol_answer_seconds",
    "Time to answer a registry or cluster.",
    ["path", "status"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 2.5),
)
REQUEST_ID = re.compile(r"[\x21-\x7e]{1,128}").fullmatch
STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
UPKEEP_SECONDS = 1.0

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


class Upkeep(threading.local):
    """When a thread last looked after its database connections, as Django does for each request.

    Most answers come from memory: to look each time would take longer than to decide.
    """

    due = float("-inf")

    def begin(self, sender: type, environ: Environ, now: float) -> None:
        request_finished.send(sender=sender)
        request_started.send(sender=sender, environ=environ)
        self.due = now + UPKEEP_SECONDS

    def hasten(self) -> None:
        """Let the next request begin with what is due: something has broken."""
        self.due = float("-inf")


upkeep = Upkeep()


class Mount:
    """A WSGI application that answers the protocols' paths and passes all others on."""

    def __init__(self, site: Application) -> None:
        self.site = site

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        route = route_at(environ.get("PATH_INFO", ""))
        if route is None:
            return self._of_the_site(environ, start_response)
        started = time.perf_counter()
        if started >= upkeep.due:
            upkeep.begin(type(self), environ, started)
        request_id = environ["HTTP_X_REQUEST_ID"] = _request_id(environ)
        answered = _answered(route, environ)
        headers = [("X-Content-Type-Options", "nosniff"), ("X-Request-ID", request_id)]
        headers += answered.headers.items()
        if answered.status != HTTPStatus.NOT_MODIFIED:
            headers.append(("Content-Length", str(len(answered.body))))
        _time_of(route.path, answered.status).observe(time.perf_counter() - started)
        start_response(STATUS_LINES[answered.status], headers)
        return [b"" if environ["REQUEST_METHOD"] == "HEAD" else answered.body]

    def _of_the_site(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answered = self.site(environ, start_response)
        if environ["REQUEST_METHOD"] not in SAFE_METHODS:
            # What it has changed is in force here before it is told (P6).
            take_in()
        return answered


@lru_cache
def _time_of(path: str, status: int) -> Histogram:
    return ANSWERED.labels(path, status)


@lru_cache
def _is_ours(host: str) -> bool:
    domain, _ = split_domain_port(host)
    return validate_host(domain, settings.ALLOWED_HOSTS)


def _answered(route: Route, environ: Environ) -> Answer:
    host = environ.get("HTTP_HOST", "")
    if not _is_ours(host):
        domain, _ = split_domain_port(host)
        message = f"This site is not called {domain or 'that'}. Use its own address."
        return route.failed(400, message)
    if environ["REQUEST_METHOD"] not in route.methods:
        refused = route.failed(405, f"Use {' or '.join(route.methods)} here.")
        return Answer(405, refused.body, {**refused.headers, "Allow": ", ".join(route.methods)})
    try:
        return answer(route, _request(environ))
    except TooLarge:
        return route.failed(413, f"The body is too large. Send at most {MAX_BODY} bytes.")
    except NotYetKnown as error:
        return _retry(route.failed(503, str(error)))
    except (DatabaseError, InterfaceError):
        upkeep.hasten()
        log.exception("database_unavailable", path=route.path)
        return _retry(route.failed(503, "The rules can't be read at the moment. Try again soon."))
    except Exception:
        upkeep.hasten()
        log.exception("protocol_failed", path=route.path)
        return route.failed(500, "Something went wrong here. It has been logged.")


def _retry(failed: Answer) -> Answer:
    return Answer(failed.status, failed.body, {**failed.headers, "Retry-After": "1"})


def _request(environ: Environ) -> Request:
    return Request(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query=environ.get("QUERY_STRING", ""),
        headers=Headers(environ),
        body=read_body(environ, MAX_BODY),
        address=environ.get("REMOTE_ADDR", ""),
    )


def _request_id(environ: Environ) -> str:
    given: str = environ.get("HTTP_X_REQUEST_ID", "")
    if given and REQUEST_ID(given):
        return given
    return f"{getrandbits(128):032x}"  # a name, no secret
