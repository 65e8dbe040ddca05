"""Requests made up from the API's own description, right and wrong, at the served site."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error

from tests.served import DemoSite

EXAMPLES = 25


def test_nothing_that_is_sent_is_a_fault_of_ours(site: DemoSite) -> None:
    api = schemathesis.openapi.from_url(f"{site.url}/api/schema/?format=json")
    operations: list[Any] = [result.ok() for result in api.get_all_operations()]  # type: ignore[union-attr]  # not ok: raises
    assert len(operations) > 5
    for operation in operations:
        secret = (
            "OLIVIA_TOKEN"
            if operation.path.startswith(("/v2/", "/api/"))
            else "ACME_REGISTRY_TOKEN"
        )
        _send_examples(operation, {"Authorization": f"Bearer {site.env[secret]}"})


def _send_examples(operation: Any, headers: dict[str, str]) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def send(case: Any) -> None:
        case.validate_response(case.call(headers=headers), checks=[not_a_server_error])

    send()
