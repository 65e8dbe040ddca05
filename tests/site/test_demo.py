"""`script/demo`, as a newcomer runs it: on SQLite, with nothing beside it."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from home.demo import read_env
from tests.conftest import post
from tests.services.process import free_port

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that says it is ready; `said` is what it has printed until then."""

    url: str
    said: str
    secrets: dict[str, str]


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
            yield Demo(f"http://localhost:{port}", said, read_env(folder / "demo.env"))
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
