"""People and programs that change the same thing in the same moment, on several workers."""

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx

from tests.served import DemoSite, SetPolicy
from tests.services.process import run_to_end
from tests.services.site import CHECKOUT

PATH = "/v2/orgs/acme/settings"
AT_ONCE = 8
VERIFY_OFTEN = """
from audit.queries import chains, first_broken_link
print({first_broken_link(number) for _ in range(50) for number in chains()})
"""


def test_p5_of_many_who_saw_the_same_settings_one_wins(
    site: DemoSite, set_policy: SetPolicy
) -> None:
    set_policy(enabled=True)
    auth = {"Authorization": f"Bearer {site.env['OLIVIA_TOKEN']}"}
    etag = httpx.get(site.url + PATH, headers=auth).headers["etag"]
    wishes = [
        {"enabled": False, "allow_official_images": bool(n % 2), "allow_verified_publishers": False}
        for n in range(AT_ONCE)
    ]

    def put(wish: dict[str, bool]) -> httpx.Response:
        headers = {**auth, "If-Match": etag}
        return httpx.put(site.url + PATH, json={"restricted_images": wish}, headers=headers)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(put, wishes))

    # Whoever wished for just what the winner did has nothing to complain about (P3).
    final = httpx.get(site.url + PATH, headers=auth).json()["restricted_images"]
    granted = [wish for wish, answer in zip(wishes, answers, strict=True) if answer.is_success]
    assert granted
    assert all(wish == final for wish in granted)
    assert {answer.status_code for answer in answers} == {200, 412}


def test_p4_versions_and_log_agree_after_a_rush(site: DemoSite, set_policy: SetPolicy) -> None:
    set_policy(enabled=True)
    before = _version(site)

    def flip(number: int) -> int:
        wish = {"enabled": True, "allow_official_images": bool(number % 2)}
        auth = {"Authorization": f"Bearer {site.env['OLIVIA_TOKEN']}"}
        body = {"restricted_images": {**wish, "allow_verified_publishers": True}}
        return httpx.put(site.url + PATH, json=body, headers=auth).status_code

    with ThreadPoolExecutor(AT_ONCE) as pool:
        assert set(pool.map(flip, range(40))) == {200}

    assert before < _version(site) <= before + 40
    verify = [sys.executable, str(CHECKOUT / "manage.py"), "verify_audit_log"]
    assert run_to_end(verify, env=site.environment) == "The audit log is whole.\n"


def test_p6_every_worker_answers_from_the_newest_settings(
    site: DemoSite, set_policy: SetPolicy
) -> None:
    for enabled in (True, False) * 5:
        set_policy(enabled=enabled)
        decisions = {_evaluate(site)["decision"] for _ in range(8)}
        assert decisions == {not enabled}


def test_p4_the_log_can_be_verified_while_it_grows(site: DemoSite, set_policy: SetPolicy) -> None:
    auth = {"Authorization": f"Bearer {site.env['OLIVIA_TOKEN']}"}
    rest = {"allow_official_images": True, "allow_verified_publishers": True}
    ended = Event()

    def write() -> int:
        written = 0
        while not ended.is_set():
            body = {"restricted_images": {"enabled": not written % 2, **rest}}
            httpx.put(site.url + PATH, json=body, headers=auth).raise_for_status()
            written += 1
        return written

    set_policy(enabled=False)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            shell = [sys.executable, str(CHECKOUT / "manage.py"), "shell", "--verbosity=0"]
            found = run_to_end([*shell, "--command", VERIFY_OFTEN], env=site.environment)
        finally:
            ended.set()
    assert found == "{None}\n"
    assert writing.result() > 10


def _version(site: DemoSite) -> int:
    version: int = _evaluate(site)["context"]["policy_version"]
    return version


def _evaluate(site: DemoSite) -> dict[str, Any]:
    answer = httpx.post(
        f"{site.url}/access/v1/evaluation",
        headers={"Authorization": f"Bearer {site.env['ACME_REGISTRY_TOKEN']}"},
        json={
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": "docker.io/randomdev/tool"},
        },
    )
    body: dict[str, Any] = answer.raise_for_status().json()
    return body
