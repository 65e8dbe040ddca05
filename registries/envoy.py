"""Envoy HTTP `ext_authz`: every method below `/authz/envoy`, asked at every request of a client.

Envoy repeats the client's method and target behind a prefix. It takes 200 alone for yes, and
returns any other answer to the client.
"""

from orgs.guards import Guard
from registries import live_check_openapi
from registries.http import Answer, Request, Route
from registries.live_check import CREDENTIAL, answer_to_client, failed
from registries.pull_log import Protocol
from registries.registry_request import RegistryRequest, read_path

PREFIX = "/authz/envoy"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def handle(request: Request) -> Answer:
    """Answer whether the request that Envoy holds back may go on."""

    def reading() -> RegistryRequest:
        # The web server has decoded the path already: once, as a registry does.
        path = request.path.removeprefix(PREFIX)
        return read_path(request.method, path, request.query, request.media_type())

    return answer_to_client(request, Protocol.ENVOY, request.headers.get(CREDENTIAL, ""), reading)


ROUTES = (
    Route(
        PREFIX,
        METHODS,
        handle,
        failed,
        Guard.TOKEN,
        live_check_openapi.ENVOY,
        below=True,
        reads=("authorization", CREDENTIAL, "content-type"),
    ),
)
