"""Traefik `forwardAuth`: `GET /authz/traefik`, asked at every request of a client.

Traefik takes 2xx for yes and returns any other answer to the client as it is. It tells method and
target in headers of its own, and copies those of the client that `authRequestHeaders` lists, or all
of them. All would be too many: to a web server `X_Forwarded_Uri` is `X-Forwarded-Uri`.
"""

from orgs.guards import Guard
from registries import live_check_openapi
from registries.http import Answer, Request, Route
from registries.live_check import CREDENTIAL, answer_to_client, failed, refused
from registries.pull_log import Protocol
from registries.registry_request import RegistryRequest, read_target


def handle(request: Request) -> Answer:
    """Answer whether the request that Traefik holds back may go on."""
    headers = request.headers

    if "accept" in headers:  # Every client's pull has it, so that nobody can overlook this.
        return refused(
            403,
            "Traefik copies all of a client's headers here, and they can't be told from its own. "
            "Ask whoever runs it to list authRequestHeaders in the forwardAuth middleware.",
        )

    def reading() -> RegistryRequest:
        return read_target(
            headers.get("x-forwarded-method", ""),
            headers.get("x-forwarded-uri", ""),
            request.media_type(),
        )

    return answer_to_client(request, Protocol.TRAEFIK, headers.get(CREDENTIAL, ""), reading)


ROUTES = (
    Route(
        "/authz/traefik",
        ("GET",),
        handle,
        failed,
        Guard.TOKEN,
        live_check_openapi.TRAEFIK,
        reads=(
            "authorization",
            CREDENTIAL,
            "x-forwarded-method",
            "x-forwarded-uri",
            "content-type",
            "accept",
        ),
    ),
)
