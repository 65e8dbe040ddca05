"""Hubadmin itself as production runs it: granian, several workers, collected static files."""

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.services.process import answers_http, free_port, run_to_end, running, temporary_folder

CHECKOUT = Path(__file__).resolve().parents[2]
SERVER = CHECKOUT / "deploy" / "serve.py"


@dataclass(frozen=True, slots=True)
class Site:
    url: str
    port: int
    log: Path
    state: Path
    environment: dict[str, str]
    pid: int = 0

    def manage(self, *arguments: str) -> str:
        """Runs a `manage.py` command against this site; what it printed."""
        return manage(self.environment, *arguments)


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Runs a `manage.py` command in the environment of a site; what it printed."""
    return run_to_end([sys.executable, str(CHECKOUT / "manage.py"), *arguments], env=environment)


@contextmanager
def site(
    *,
    database_url: str,
    redis_url: str,
    prepare: Callable[[Site], None],
    workers: int = 2,
    port: int | None = None,
    application: str = "hubadmin.wsgi:application",
    prefix: Sequence[str] = (),
    server: Sequence[str] = ("-m", "granian"),
    options: Sequence[str] = ("--access-log",),
    settings: Mapping[str, str] | None = None,
) -> Iterator[Site]:
    """Serves from an empty database, which `prepare` fills before the first request.

    `prefix` is put before the command, `server` is what Python runs, `options` are granian's;
    `settings` are environment variables.
    """
    with temporary_folder("site") as state:
        port = port or free_port()
        served = Site(
            url=f"http://localhost:{port}",
            port=port,
            log=state / "log",
            state=state,
            environment=_environment(state, port, database_url, redis_url) | dict(settings or {}),
        )
        served.manage("migrate", "--verbosity", "0")
        served.manage("collectstatic", "--noinput", "--verbosity", "0")
        served.manage("rotate_signing_key")
        prepare(served)
        command = [*prefix, sys.executable, str(SERVER)]
        command += ["--interface", "wsgi"]
        command += ["--host", "127.0.0.1", "--port", str(port), "--workers", str(workers)]
        command += ["--workers-kill-timeout", "3", *options, application]

        def ready() -> bool:
            return answers_http(port, "/readyz") == 200

        with running(
            command, log=served.log, ready=ready, env=served.environment, cwd=CHECKOUT
        ) as process:
            yield replace(served, pid=process.pid)


def _environment(state: Path, port: int, database_url: str, redis_url: str) -> dict[str, str]:
    # What the shell has set for another Hubadmin must not reach this one.
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HUBADMIN_", "DJANGO_"))
    }
    return inherited | {
        "HUBADMIN_URL": f"http://localhost:{port}",
        "HUBADMIN_VAR": str(state / "var"),
        "HUBADMIN_STATIC_ROOT": str(state / "static"),
        "HUBADMIN_SECRET_KEY": secrets.token_urlsafe(48),
        "HUBADMIN_DATA_KEY": secrets.token_urlsafe(48),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "EMAIL_URL": "console:",
        # What is closed by default, for people in browsers to walk through.
        "HUBADMIN_SIGN_UP": "open",
        "HUBADMIN_CREATE_ORGANIZATIONS": "anyone",
    }
