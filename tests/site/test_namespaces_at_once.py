"""Site staff who approve a request while others assign the same namespace."""

import sys
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.conftest import post
from tests.served import DemoSite
from tests.services.process import ServiceError, run_to_end
from tests.services.site import CHECKOUT

ROUNDS = 3


def test_c9_of_approving_and_assigning_at_once_one_wins(site: DemoSite) -> None:
    for number in range(ROUNDS):
        path = f"contested-{number}"
        _ask_for(site, path)
        (request,) = (
            line.split()[0]
            for line in _manage(site, "namespace_requests").splitlines()
            if f"docker.io/{path} " in line
        )

        with ThreadPoolExecutor(2) as pool:
            approved = pool.submit(_tried, site, "approve_namespace", request)
            assigned = pool.submit(_tried, site, "assign_namespace", "globex", path)
        said = [approved.result(), assigned.result()]

        owner = [text for text in said if f"owns docker.io/{path}." in text]
        refused = [text for text in said if "overlaps a namespace of another" in text]
        assert (len(owner), len(refused)) == (1, 1), said
        assert not any("Traceback" in text for text in said)
        if owner == [said[1]]:
            _manage(site, "decline_namespace", request, "Globex has it.")
    assert _manage(site, "verify_audit_log") == "The audit log is whole.\n"


def _ask_for(site: DemoSite, path: str) -> None:
    with httpx.Client(base_url=site.url) as olivia:
        password = site.env["DEMO_PASSWORD"]
        assert post(olivia, "/accounts/login/", login="olivia", password=password).is_redirect
        page = "/orgs/acme/settings/namespaces/"
        assert post(olivia, page, on="", namespace=path).is_redirect


def _tried(site: DemoSite, *arguments: str) -> str:
    """What a command printed, whether it refused or not."""
    try:
        return _manage(site, *arguments)
    except ServiceError as error:
        return str(error)


def _manage(site: DemoSite, *arguments: str) -> str:
    command = [sys.executable, str(CHECKOUT / "manage.py"), *arguments]
    return run_to_end(command, env=site.environment)
