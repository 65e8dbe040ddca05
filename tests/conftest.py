"""The world that tests start from: the demo's people, organizations and registries.

It is loaded once into the test database; each test's changes are rolled back.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test.utils import setup_databases, teardown_databases
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from audit.pull_log import PullLog
from home.demo import Hosts, load_demo, read_env
from orgs.models import Organization, User
from orgs.queries import organization_named, user_named
from permissions.snapshots.memory import watcher
from registries import throttle
from registries.pull_log import new_log
from registries.wsgi import Application
from tests.pulls import pull_with

SITE_URL = "http://localhost:8000"


@pytest.fixture(scope="session", autouse=True)
def _state_folder() -> Iterator[None]:
    yield
    shutil.rmtree(settings.VAR_DIR, ignore_errors=True)


@pytest.fixture(scope="session")
def application() -> Application:
    """The site's WSGI application, with its static files collected as in production."""
    call_command("collectstatic", interactive=False, verbosity=0)
    from hubadmin.wsgi import application

    watcher.stop()  # where a test wants facts in memory it says so
    return application


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """In place of the package's own, which makes no database where all tests that are run do
    without its transaction."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, serialized_aliases=())
        call_command("rotate_signing_key", verbosity=0, stdout=_Nowhere())
        load_demo(_env_file(), SITE_URL, Hosts())
    yield
    watcher.stop()  # nobody may be connected to a database that is dropped
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


class _Nowhere:
    def write(self, text: str) -> None: ...


def _env_file() -> Path:
    return Path(settings.VAR_DIR) / "demo.env"


@pytest.fixture
def demo(db: None) -> dict[str, str]:
    """The demo's secrets, as `demo.env` names them."""
    return read_env(_env_file())


@pytest.fixture(autouse=True)
def _nothing_counted_yet(request: pytest.FixtureRequest) -> None:
    if {"db", "live"} & set(request.fixturenames):
        cache.clear()
        throttle._fallback.cache_clear()
        throttle._made_limiter.cache_clear()


@pytest.fixture(autouse=True)
def pull_log(monkeypatch: pytest.MonkeyPatch) -> PullLog:
    """This process' pull log, written only by its `flush`, in the test's own transaction."""
    held = new_log(threaded=False)
    monkeypatch.setattr("registries.pull_log.log", held)
    return held


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
        pull_log.add([pull_with(**given | changes)])
        assert pull_log.flush()

    return written


NewVisitor = Callable[..., httpx.Client]


@pytest.fixture
def visitor(db: None, application: Application) -> Iterator[NewVisitor]:
    """Makes HTTP clients of the whole WSGI application, protocols and all, in this process."""
    with ExitStack() as stack:
        # As Django's own test client: the connection holds the test's transaction.
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)
            stack.callback(signal.connect, close_old_connections)

        def make(**headers: str) -> httpx.Client:
            transport = httpx.WSGITransport(app=application, remote_addr="203.0.113.7")
            client = httpx.Client(transport=transport, base_url=SITE_URL, headers=headers)
            return stack.enter_context(client)

        yield make


@pytest.fixture
def signed_in(visitor: NewVisitor, demo: dict[str, str]) -> Callable[[str], httpx.Client]:
    """Makes a client in which a person has signed in through the sign-in page."""

    def make(username: str) -> httpx.Client:
        client = visitor()
        answer = post(client, "/accounts/login/", login=username, password=demo["DEMO_PASSWORD"])
        assert answer.status_code == 302, answer.text
        return client

    return make


def post(client: httpx.Client, path: str, **fields: object) -> httpx.Response:
    """Post a form as a browser does: with the page's own CSRF token."""
    page = client.get(path)
    assert page.status_code == 200, page.text
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    return client.post(path, data={"csrfmiddlewaretoken": token, **fields})


@pytest.fixture
def acme(db: None) -> Organization:
    return named_organization("acme")


@pytest.fixture
def globex(db: None) -> Organization:
    return named_organization("globex")


def named_organization(name: str) -> Organization:
    organization = organization_named(name)
    assert organization is not None
    return organization


def named_user(name: str) -> User:
    user = user_named(name)
    assert user is not None
    return user
