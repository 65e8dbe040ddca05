"""The pull log of the served site: several workers, a database that goes away, an end."""

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from tests import services
from tests.served import DemoSite, read_env
from tests.services.postgresql import create_database

LINES = "SELECT count(*) FROM audit_pulllogentry WHERE repository LIKE %s"
COUNTED = "SELECT COALESCE(sum(count), 0) FROM audit_dailypulls WHERE repository LIKE %s"


class Pulls:
    """Asks the site about made-up repositories of one test, and looks at what it logged."""

    def __init__(self, url: str, env: dict[str, str], database_url: str, name: str) -> None:
        bearer = {"Authorization": f"Bearer {env['ACME_REGISTRY_TOKEN']}"}
        self.client = httpx.Client(base_url=url, headers=bearer, timeout=30)
        self.database_url = database_url
        self.like = f"docker.io/{name}/%"
        self.name = name

    def ask(self, number: int) -> int:
        """Ask one question, about one of five repositories; the answer's status."""
        answer = self.client.post(
            "/access/v1/evaluation",
            json={
                "subject": {"type": "user", "id": "mel"},
                "action": {"name": "pull"},
                "resource": {"type": "image", "id": f"{self.name}/app{number % 5}"},
            },
        )
        return answer.status_code

    def ask_at_once(self, number: int) -> None:
        with ThreadPoolExecutor(16) as threads:
            assert set(threads.map(self.ask, range(number))) == {200}

    def logged(self) -> tuple[int, int]:
        """How many lines there are, and how many the daily counts come to."""
        with psycopg.connect(self.database_url) as connection:
            found = [
                connection.execute(query, [self.like]).fetchone() for query in (LINES, COUNTED)
            ]
        lines, counted = (int(row[0]) for row in found if row)
        return lines, counted

    def logged_in_the_end(self, number: int) -> tuple[int, int]:
        """The same, once that many lines are there, or when it has taken too long."""
        deadline = time.monotonic() + 15
        while self.logged()[0] < number and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.logged()


@pytest.fixture
def pulls(site: DemoSite, request: pytest.FixtureRequest) -> Iterator[Pulls]:
    name = request.node.name.replace("_", "")[-30:]
    pulls = Pulls(site.url, site.env, site.environment["DATABASE_URL"], name)
    with pulls.client:
        yield pulls


@contextmanager
def away(database_url: str) -> Iterator[None]:
    """Throws everybody out of a database, and lets nobody in."""
    parts = urlsplit(database_url)
    name = parts.path[1:]
    server = parts._replace(path="/postgres").geturl()
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name]
            )
            yield
        finally:
            connection.execute(allow.format(sql.Identifier(name), sql.SQL("true")))


def test_every_decision_counts_exactly_once(pulls: Pulls) -> None:
    pulls.ask_at_once(300)
    assert pulls.logged_in_the_end(300) == (300, 300)


def test_what_waits_is_written_when_the_database_is_back(pulls: Pulls, site: DemoSite) -> None:
    pulls.ask_at_once(20)
    with away(site.environment["DATABASE_URL"]):
        # A worker that has the facts in memory goes on deciding; one that hasn't can't.
        answers = [pulls.ask(number) for number in range(20)]
        assert set(answers) <= {200, 503}
        time.sleep(1.5)
    decided = 20 + answers.count(200)
    assert decided > 20
    assert pulls.logged_in_the_end(decided) == (decided, decided)
    pulls.ask_at_once(20)
    assert pulls.logged_in_the_end(decided + 20) == (decided + 20, decided + 20)


def test_answers_do_not_wait_for_the_log(pulls: Pulls) -> None:
    pulls.ask_at_once(20)
    pulls.logged_in_the_end(20)
    with psycopg.connect(pulls.database_url) as connection:
        connection.execute("LOCK TABLE audit_pulllogentry IN ACCESS EXCLUSIVE MODE")
        started = time.monotonic()
        pulls.ask_at_once(50)
        assert time.monotonic() - started < 10
        connection.rollback()
    assert pulls.logged_in_the_end(70) == (70, 70)


def test_an_end_in_the_middle_of_things_loses_nothing(tmp_path: Path) -> None:
    database = create_database(os.environ["DATABASE_URL"], "hubadmin_pull_log_end")
    env_file = tmp_path / "demo.env"
    answered: list[int] = []

    def prepare(site: services.Site) -> None:
        site.manage("load_demo", f"--env-file={env_file}")

    def keep_asking(pulls: Pulls) -> None:
        for number in range(10_000):
            try:
                answered.append(pulls.ask(number))
            except httpx.TransportError:
                return

    redis = os.environ["REDIS_URL"]
    with services.site(database_url=database, redis_url=redis, prepare=prepare) as served:
        pulls = Pulls(served.url, read_env(env_file), database, "ending")
        threads = [threading.Thread(target=keep_asking, args=[pulls]) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(answered) < 100:
            time.sleep(0.01)
    for thread in threads:
        thread.join()
    pulls.client.close()
    assert set(answered) == {200}
    lines, counted = pulls.logged()
    assert lines == counted
    # A client may miss the answer to a question that was decided; never the other way round.
    assert len(answered) <= lines <= len(answered) + len(threads)
