"""`script/demo`, as a newcomer runs it: on SQLite, with nothing beside it."""

import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from home.demo import read_env
from permissions.triggers import OPERATIONS, WATCHED
from tests.conftest import post
from tests.services.process import free_port

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that says it is ready; `said` is what it has printed until then, and
    `folder` has what it keeps."""

    url: str
    said: str
    secrets: dict[str, str]
    folder: Path


@contextmanager
def demo(folder: Path) -> Iterator[Demo]:
    port = free_port()
    # A shell that was prepared for another Hubadmin must not matter.
    variables = {**os.environ, "PORT": str(port), "HUBADMIN_VAR": str(folder)}
    with subprocess.Popen(
        [str(CHECKOUT / "script" / "demo")],
        env=variables,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said = _until_ready(process)
            yield Demo(f"http://localhost:{port}", said, read_env(folder / "demo.env"), folder)
        finally:
            process.send_signal(signal.SIGTERM)


def _until_ready(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "Ctrl-C stops it" in line:
            return said
    raise AssertionError(f"script/demo ended: {said}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demo(tmp_path_factory.mktemp("demo")) as started:
        yield started


def evaluate(running: Demo, image: str) -> httpx.Response:
    return httpx.post(
        f"{running.url}/access/v1/evaluation",
        headers={"Authorization": f"Bearer {running.secrets['ACME_REGISTRY_TOKEN']}"},
        json={
            "subject": {"type": "user", "id": "mel"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": image},
        },
    )


def test_the_whole_way_on_sqlite(running: Demo) -> None:
    assert evaluate(running, "docker.io/randomdev/tool").json()["decision"] is True

    with httpx.Client(base_url=running.url) as olivia:
        password = running.secrets["DEMO_PASSWORD"]
        assert post(olivia, "/accounts/login/", login="olivia", password=password).is_redirect
        page = "/orgs/acme/settings/permissions/"
        assert post(olivia, page, enabled="on", allow_official_images="on").is_redirect
        assert "changed Image Access Management" in olivia.get("/orgs/acme/activity/").text

    expected = {"docker.io/randomdev/tool": False, "bitnami/redis": False}
    expected |= {"alpine": True, "docker.io/acme/app": True}
    for image, decision in expected.items():
        assert evaluate(running, image).json()["decision"] is decision, image

    token = httpx.get(
        f"{running.url}/auth/token",
        params={"service": "acme", "scope": "repository:randomdev/tool:pull"},
        auth=("mel", running.secrets["MEL_TOKEN"]),
    )
    assert "acme does not allow community images" in json.dumps(token.json())


def test_what_another_process_changes_is_in_force_on_sqlite_too(running: Demo) -> None:
    """Nothing notifies there: the worker finds it when it looks, each half second."""
    owner = {"Authorization": f"Bearer {running.secrets['OLIVIA_TOKEN']}"}
    page = f"{running.url}/v2/orgs/acme/settings"
    wished = {"enabled": True, "allow_official_images": True, "allow_verified_publishers": True}
    httpx.put(page, headers=owner, json={"restricted_images": wished}).raise_for_status()
    where = f"{running.url}/api/v1/orgs/acme/propagation"
    told = httpx.get(where, headers=owner).raise_for_status().json()
    for plan, rule in (("team", "not_enabled"), ("business", "community_restricted")):
        manage(running, "set_plan", "acme", plan)
        deadline = time.monotonic() + 1
        image = "docker.io/randomdev/tool"
        while evaluate(running, image).json()["context"]["rule"] != rule:
            assert time.monotonic() < deadline
        version = told["policy_version"]
        while not (told := httpx.get(where, headers=owner).json())["in_force_everywhere"]:
            assert time.monotonic() < deadline + 1
        assert told["policy_version"] > version
        assert [worker["policy_version"] for worker in told["workers"]] == [told["policy_version"]]


def manage(running: Demo, *arguments: str) -> None:
    """A command of manage.py, at the demo's database."""
    secrets = read_env(running.folder / "secrets.env")
    variables = {"HUBADMIN_DEMO": "1", "HUBADMIN_VAR": str(running.folder)}
    inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    subprocess.run(
        [str(CHECKOUT / ".venv/bin/python"), "manage.py", *arguments],
        cwd=CHECKOUT,
        env={**inherited, **secrets, **variables},
        check=True,
        capture_output=True,
    )


def test_every_write_is_announced_on_sqlite_too(running: Demo) -> None:
    """As on PostgreSQL (`tests.snapshots.test_triggers`); here each trigger names its columns."""
    with closing(sqlite3.connect(running.folder / "hubadmin.sqlite3", timeout=10)) as database:
        # Constraints are checked by a function that Django brings along.
        database.create_function("REGEXP", 2, lambda words, text: bool(re.search(words, text)))
        made = {
            name
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        }
        for watched in WATCHED:
            operations = OPERATIONS if getattr(watched, "inserts", True) else OPERATIONS[1:]
            for operation in operations:
                assert f"announce_{watched.table}_{operation.lower()}" in made
            ignored = getattr(watched, "ignored", ())
            columns = database.execute(f"PRAGMA table_info({watched.table})").fetchall()
            for _, column, *_ in columns:
                database.execute("DELETE FROM permissions_change")
                changed = database.execute(
                    f"UPDATE {watched.table} SET {column} = {column}"
                ).rowcount
                [(announced,)] = database.execute("SELECT count(*) FROM permissions_change")
                assert announced == (0 if column in ignored else changed), (watched.table, column)
        database.rollback()


def test_pulls_are_logged_on_sqlite_too(running: Demo) -> None:
    evaluate(running, "docker.io/randomdev/logged")
    with httpx.Client(base_url=running.url) as olivia:
        post(olivia, "/accounts/login/", login="olivia", password=running.secrets["DEMO_PASSWORD"])
        deadline = time.monotonic() + 10
        while "randomdev/logged" not in olivia.get("/orgs/acme/activity/pulls/").text:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_it_says_what_to_do_next(running: Demo) -> None:
    assert running.url in running.said
    assert running.secrets["DEMO_PASSWORD"] in running.said
    # The question it suggests works when it is typed as it stands.
    commands = re.findall(r"^  (?:\. |curl ).*?(?:[^\\]$)", running.said, re.MULTILINE | re.DOTALL)
    answer = subprocess.run(
        ["sh", "-c", "\n".join(commands)], capture_output=True, text=True, check=True
    )
    assert "decision" in json.loads(answer.stdout)


def test_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with demo(tmp_path) as first:
        page, auth = (
            "/v2/orgs/acme/settings",
            {"Authorization": f"Bearer {first.secrets['OLIVIA_TOKEN']}"},
        )
        body = httpx.get(first.url + page, headers=auth).json()
        body["restricted_images"]["enabled"] = True
        httpx.put(first.url + page, json=body, headers=auth).raise_for_status()
    with demo(tmp_path) as second:
        assert second.secrets["OLIVIA_TOKEN"] == first.secrets["OLIVIA_TOKEN"]
        assert httpx.get(second.url + page, headers=auth).json() == body


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [("PORT", "lots", "no port number"), ("HUBADMIN_VAR", "/proc/demo", "cannot be written")],
)
def test_what_can_not_work_is_said_first(name: str, value: str, sentence: str) -> None:
    result = subprocess.run(
        [str(CHECKOUT / "script" / "demo")],
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert result.returncode != 0
    assert sentence in result.stderr


def test_a_port_that_is_taken_is_said_first(running: Demo, tmp_path: Path) -> None:
    port = running.url.rpartition(":")[2]
    result = subprocess.run(
        [str(CHECKOUT / "script" / "demo")],
        env={**os.environ, "PORT": port, "HUBADMIN_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert result.returncode != 0
    assert f"port {port} is in use" in result.stderr
