"""The OpenAPI document, the same for everybody."""

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request

from orgs.guards import public_page


class Schema(SpectacularAPIView):
    """The document in the format that `Accept` asks for; nothing in the query changes it.

    The package's own view puts `version` into a header and keeps a catalogue for any `lang`.
    """

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        return self._get_schema_response(request)  # type: ignore[no-untyped-call]  # theirs has none

    def _get_version_parameter(self, request: Request) -> None:
        return None


schema = public_page(Schema.as_view())
