"""What has happened before."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from audit.pull_log import Pull, PullLog

Log = Callable[..., None]


@pytest.fixture
def log(pull_log: PullLog) -> Log:
    """Logs one pull by Mel of a refused image at acme, unless told otherwise."""

    def written(**changes: Any) -> None:
        given: dict[str, Any] = {
            "at": timezone.now(),
            "organization": "acme",
            "subject_kind": "user",
            "subject_id": "mel",
            "action": "pull",
            "image": "docker.io/randomdev/tool:1",
            "repository": "docker.io/randomdev/tool",
            "category": "community",
            "rule": "community_restricted",
            "allowed": False,
            "policy_version": 1,
            "protocol": "token",
            "registry": "acme",
            "client": "podman/5",
            "address": "203.0.113.9",
            "request_id": "",
        }
        pull_log.add([Pull(**given | changes)])
        assert pull_log.flush()

    return written
