"""nginx `auth_request`: `GET /authz/nginx`, asked by a subrequest at every request of a client.

nginx takes 2xx for yes, 401 and 403 for no, and everything else for a fault. It hands no body on:
deploy/nginx/nginx.conf puts the reason from its header into a body again.
"""

from orgs.guards import Guard
from registries import live_check_openapi
from registries.http import Answer, Request, Route
from registries.live_check import CREDENTIAL, answer_to_client, failed
from registries.pull_log import Protocol
from registries.registry_request import RegistryRequest, read_target


def handle(request: Request) -> Answer:
    """Answer whether the request that nginx holds back may go on."""
    headers = request.headers

    def reading() -> RegistryRequest:
        return read_target(
            headers.get("x-original-method", ""),
            headers.get("x-original-uri", ""),
            request.media_type(),
        )

    return answer_to_client(request, Protocol.NGINX, headers.get(CREDENTIAL, ""), reading)


ROUTES = (
    Route(
        "/authz/nginx",
        ("GET",),
        handle,
        failed,
        Guard.TOKEN,
        live_check_openapi.NGINX,
        reads=(
            "authorization",
            CREDENTIAL,
            "x-original-method",
            "x-original-uri",
            "content-type",
        ),
    ),
)
