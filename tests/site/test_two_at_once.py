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

COUNT = """
from datetime import timedelta
from django.utils import timezone
from audit.pull_writer import write
from tests.pulls import pull_with
at = timezone.now() - timedelta(days=1)
decided = dict(organization="busy", subject_kind="user", action="pull", image="a/b",
    repository="docker.io/a/b", category="community", rule="not_enabled", own_rule=0,
    would_have="", allowed=True, policy_version=1, protocol="token", registry="")
told = dict(at=at, client="", address=None, request_id="")
for number in range(400):
    pull = pull_with(subject_id=f"member-{number % 7}", **decided, **told)
    write([pull], lambda _: {"busy": 999})
"""
ADD_UP = """
from django.db import connection, transaction
from django.db.models import Sum
from django.utils import timezone
from audit import pull_sums
from audit.models import DailyPulls, SummedPulls
pull_sums.WORTH_PACKING = 1
today, seen = timezone.now().date(), set()
while max(seen, default=0) < 400:
    pull_sums.pack_pulls(today)
    with transaction.atomic():
        connection.cursor().execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        packed = SummedPulls.objects.filter(organization_id=999, packed__isnull=False).exists()
        sums = pull_sums.pulls_since(999, today - pull_sums.DAYS)
        total = sum(sum(part[2]) for parts in sums.repositories.values() for part in parts)
        counted = DailyPulls.objects.filter(organization_id=999).aggregate(n=Sum("count"))["n"]
    assert total == (counted or 0), (packed, total, counted)
    if packed:
        seen.add(total)
print(len(seen) > 1)
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


def test_what_is_added_up_while_it_is_counted_is_what_was_counted(site: DemoSite) -> None:
    def run(script: str) -> str:
        command = [sys.executable, str(CHECKOUT / "manage.py"), "shell", "--no-imports", "-c"]
        return run_to_end([*command, script], env=site.environment)

    with ThreadPoolExecutor(2) as pool:
        assert [*pool.map(run, (COUNT, ADD_UP))] == ["", "True\n"]
