"""Workers on several machines, asked all the time while rules change and things go wrong.

Each answer is held against what had been acknowledged when the question was sent.
"""

import http.client
import json
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from tests.faults.network import Machine, Wire, machines
from tests.served import read_env
from tests.services.postgresql import create_database
from tests.services.process import running, temporary_folder
from tests.services.site import CHECKOUT, Site, _environment

PAUSE_BETWEEN_QUESTIONS = 0.02
SELDOM = 0.3
"""How often a question is about a version that the caller has seen."""

State = tuple[bool, bool]  # whether acme restricts images, and whether gus is its member
RULES = {
    (True, True): "community_restricted",
    (False, True): "not_enabled",
    (True, False): "not_a_member",
    (False, False): "not_a_member",
}


@dataclass
class History:
    """What has been acknowledged: each version's state, and when its change was."""

    first: int
    states: dict[int, State] = field(default_factory=dict)
    acknowledged: dict[int, float] = field(default_factory=dict)
    newest: int = 0

    def add(self, version: int, state: State) -> None:
        self.states[version], self.acknowledged[version] = state, time.monotonic()
        self.newest = version


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: when it was asked for and came, what had been acknowledged when it was asked,
    and which version the caller said to have seen (0: none)."""

    sent: float
    came: float
    known: int
    seen: int
    status: int
    version: int
    rule: str


class Worker:
    """One worker of a machine, and the thread that keeps asking it."""

    def __init__(self, machine: Machine, port: int, secret: str, history: History) -> None:
        self.machine, self.port = machine, port
        self.answers: list[Answer] = []
        self.process: Any = None
        self._secret, self._history = secret, history
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask_on, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join(10)

    def pause(self) -> None:
        self.process.send_signal(signal.SIGSTOP)
        for child in _descendants(self.process.pid):
            _signal(child, signal.SIGSTOP)

    def wake(self) -> None:
        for child in _descendants(self.process.pid):
            _signal(child, signal.SIGCONT)
        self.process.send_signal(signal.SIGCONT)

    def _ask_on(self) -> None:
        self.machine.enter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while not self._ended.is_set():
            try:
                self.answers.append(self._ask(connection))
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.05)
            time.sleep(PAUSE_BETWEEN_QUESTIONS)
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> Answer:
        known = self._history.newest
        seen = known if random.random() < SELDOM else 0
        context: dict[str, Any] = {"organization": "acme"}
        if seen:
            context["min_policy_version"] = seen
        body = {
            "subject": {"type": "user", "id": "gus"},
            "action": {"name": "pull"},
            "resource": {"type": "image", "id": "docker.io/randomdev/tool"},
            "context": context,
        }
        headers = {
            "Host": "localhost",
            "Authorization": f"Bearer {self._secret}",
            "Content-Type": "application/json",
        }
        sent = time.monotonic()
        connection.request("POST", "/access/v1/evaluation", json.dumps(body), headers)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        came = time.monotonic()
        context = told.get("context", {}) if isinstance(told, dict) else {}
        version, rule = context.get("policy_version") or 0, context.get("rule", "")
        return Answer(sent, came, known, seen, answer.status, version, rule)


class Fleet:
    """The workers, what is between them and the database, and who changes the rules."""

    def __init__(self, database: str, workers: list[Worker], history: History) -> None:
        self.workers, self.history = workers, history
        self.wires: list[Wire] = []
        self._connection = psycopg.connect(database, autocommit=True)

    def close(self) -> None:
        self._connection.close()

    def change(self) -> None:
        """Change one thing, past every operation, and note it once it is committed."""
        enabled, member = self.history.states[self.history.newest]
        version = self.history.newest + 1
        if random.random() < 0.5:
            self._set_policy(not enabled)
            self.history.add(version, (not enabled, member))
        else:
            self._set_member(not member)
            self.history.add(version, (enabled, not member))

    def _set_policy(self, enabled: bool) -> None:
        self._write(
            "UPDATE permissions_imageaccesspolicy SET enabled = %(value)s, version = version + 1 "
            "WHERE organization_id = (SELECT id FROM orgs_organization WHERE name = 'acme')",
            enabled,
        )

    def _set_member(self, member: bool) -> None:
        who = (
            "(SELECT organization.id FROM orgs_organization AS organization WHERE name = 'acme'), "
            "(SELECT id FROM orgs_user WHERE username = 'gus')"
        )
        change = (
            "INSERT INTO orgs_membership (organization_id, user_id, joined_at) "
            f"VALUES ({who}, now())"
            if member
            else f"DELETE FROM orgs_membership WHERE (organization_id, user_id) = ({who})"
        )
        self._write(
            f"WITH changed AS ({change} RETURNING id) "
            "UPDATE permissions_imageaccesspolicy SET version = version + 1 "
            "WHERE organization_id = (SELECT id FROM orgs_organization WHERE name = 'acme')",
            member,
        )

    def _write(self, statement: str, value: bool) -> None:
        done = self._connection.execute(statement, {"value": value})
        assert done.rowcount == 1


@contextmanager
def fleet(
    database_url: str,
    redis_url: str,
    *,
    machine_count: int = 4,
    workers_each: int = 2,
    variables: dict[str, str] | None = None,
) -> Iterator[Fleet]:
    """Workers that are up, with gus a member of acme, and acme restricting nothing."""
    database = create_database(database_url, "hubadmin_faults")
    with ExitStack() as stack:
        state = stack.enter_context(temporary_folder("faults"))
        env_file = state / "demo.env"
        environment = _environment(state, 8000, database, redis_url) | (variables or {})
        site = Site("http://localhost:8000", 8000, state / "log", state, environment)
        site.manage("migrate", "--verbosity", "0")
        site.manage("rotate_signing_key")
        site.manage("load_demo", f"--env-file={env_file}")
        env = read_env(env_file)
        history = History(0)
        built = Fleet(database, [], history)
        stack.callback(built.close)
        for machine in stack.enter_context(machines(machine_count)):
            wires = [
                Wire(machine.our_side, urlsplit(database).port or 5432, postgresql=True),
                Wire(machine.our_side, urlsplit(redis_url).port or 6379, postgresql=False),
            ]
            for wire in wires:
                stack.callback(wire.close)
            built.wires.append(wires[0])
            where = environment | _addresses(machine, wires, urlsplit(database).path)
            for number in range(workers_each):
                worker = Worker(machine, 8001 + number, env["SITE_REGISTRY_TOKEN"], history)
                built.workers.append(worker)
                worker.process = stack.enter_context(_served(worker, where, state))
        with psycopg.connect(database) as connection:
            ((version,),) = connection.execute(
                "SELECT version FROM permissions_imageaccesspolicy WHERE organization_id = "
                "(SELECT id FROM orgs_organization WHERE name = 'acme')"
            ).fetchall()
        history.add(version, (False, True))
        for worker in built.workers:
            worker.start()
            stack.callback(worker.stop)
        _wait(lambda: all(worker.answers for worker in built.workers), 60)
        yield built


def _addresses(machine: Machine, wires: list[Wire], path: str) -> dict[str, str]:
    options = "sslmode=disable&gssencmode=disable"
    return {
        "DATABASE_URL": f"postgres://hubadmin@{machine.our_side}:{wires[0].port}{path}?{options}",
        "REDIS_URL": f"redis://{machine.our_side}:{wires[1].port}/0",
    }


@contextmanager
def _served(worker: Worker, environment: dict[str, str], state: Path) -> Iterator[Any]:
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    command += ["--port", str(worker.port), "--workers", "1", "--blocking-threads", "4"]
    command += ["--workers-kill-timeout", "1", "tests.faults.worker:application"]
    with running(
        worker.machine.command(*command),
        log=state / f"{worker.machine.name}-{worker.port}.log",
        ready=lambda: True,
        env=environment,
        cwd=CHECKOUT,
    ) as process:
        yield process


def _descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]
    return children + [one for child in children for one in _descendants(child)]


def _signal(pid: int, number: signal.Signals) -> None:
    os.kill(pid, number)


def _wait(holds: Any, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "The workers don't answer."
        time.sleep(0.05)
