"""Bodies of requests to Django's own routes: whole, and bounded.

Django reads as many bytes as `CONTENT_LENGTH` says, so that of a body in chunks it sees nothing,
and of a long one as much as is sent.
"""

from collections.abc import Iterable
from io import BytesIO

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.deprecation import MiddlewareMixin

from hubadmin.errors import too_large
from registries.bodies import TooLarge, declared_length, read_body
from registries.wsgi import Application, Environ, StartResponse

TOO_LARGE = "hubadmin.body_too_large"


class WholeBodies:
    """A WSGI application that gives every body a length, and passes on none that is too long."""

    def __init__(self, site: Application) -> None:
        self.site = site

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            _make_whole(environ)
        except TooLarge:
            environ[TOO_LARGE] = True
            _replace_body(environ, b"")
        return self.site(environ, start_response)


class BodyLimitMiddleware(MiddlewareMixin):
    """Answers 413 where `WholeBodies` found too long a body, with a page or a problem."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        return too_large(request) if request.META.get(TOO_LARGE) else None


def _make_whole(environ: Environ) -> None:
    most: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = declared_length(environ)
    if length is None:
        _replace_body(environ, read_body(environ, most))
    elif length > most:
        raise TooLarge


def _replace_body(environ: Environ, body: bytes) -> None:
    environ["CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"] = BytesIO(body)
