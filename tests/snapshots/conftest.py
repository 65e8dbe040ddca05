"""Facts in this process' own memory, with the demo's people in a database that others write to."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import httpx
import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from orgs import verified_passwords
from orgs.actor import Actor
from orgs.models import RefreshToken
from orgs.token_operations import create_organization_token, revoke_organization_token
from permissions.cluster_operations import connect_cluster, disconnect_cluster
from permissions.snapshots.memory import watcher
from permissions.uses import uses
from registries.wsgi import Application
from tests.conftest import SITE_URL, named_organization
from tests.served import read_env

STAFF = Actor.site_staff()

Execute = Callable[..., list[Any]]


@pytest.fixture
def live(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[None]:
    """No transaction around the test: facts are kept in memory, as a worker keeps them."""
    assert "db" not in request.fixturenames
    with django_db_blocker.unblock():
        watcher.stop()
        yield
        watcher.stop()
        uses.stop()
        connection.close()


@pytest.fixture
def elsewhere(live: None) -> Iterator[psycopg.Connection[Any]]:
    """Another process' connection to the database. What it changes is put back by the test."""
    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"],
        user=settings["USER"],
        dbname=settings["NAME"],
        autocommit=True,
    ) as other:
        yield other


@pytest.fixture
def set_enabled(elsewhere: psycopg.Connection[Any]) -> Iterator[Callable[[bool], None]]:
    """Switches acme's policy past every operation, and back when the test ends."""
    change = (
        "UPDATE permissions_imageaccesspolicy SET enabled = %s, version = version + 1 "
        "WHERE organization_id = (SELECT id FROM orgs_organization WHERE name = 'acme')"
    )

    def put(enabled: bool) -> None:
        elsewhere.execute(change, [enabled])

    yield put
    put(False)


@pytest.fixture
def statements(live: None) -> Iterator[list[str]]:
    """What this thread sends to the database."""
    sent: list[str] = []

    def note(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        sent.append(sql)
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(note):
        yield sent


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Lets the time of answers be what it says."""

    def put(time: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: time)

    return put


@pytest.fixture
def client(live: None, application: Application) -> Iterator[httpx.Client]:
    transport = httpx.WSGITransport(app=application, remote_addr="203.0.113.7")
    with httpx.Client(transport=transport, base_url=SITE_URL) as made:
        yield made


@pytest.fixture
def secrets(live: None) -> Iterator[dict[str, str]]:
    """The demo's secrets, and those of an organization token and a cluster of acme's."""
    from tests.conftest import _env_file

    acme = named_organization("acme")
    token, oat = create_organization_token(STAFF, acme, label="CI", scope="repo:admin")
    cluster, cluster_secret = connect_cluster(STAFF, acme, "of-a-test")
    verified_passwords.forget_all()
    yield {**read_env(_env_file()), "OAT": oat, "CLUSTER": cluster_secret}
    disconnect_cluster(STAFF, cluster)
    revoke_organization_token(STAFF, acme, token.public_id)
    RefreshToken.objects.all().delete()
