"""Distribution, the reference registry, on a storage folder of the caller's."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.services.process import answers_http, free_port, program, running, temporary_folder


@dataclass(frozen=True, slots=True)
class TokenAuth:
    """Where a registry sends clients for a token, and whose tokens it believes."""

    realm: str
    service: str
    issuer: str
    rootcertbundle: str


@dataclass(frozen=True, slots=True)
class Registry:
    url: str
    host: str
    port: int
    log: Path


@contextmanager
def registry(
    storage: Path,
    *,
    auth: TokenAuth | None = None,
    port: int | None = None,
    more: Mapping[str, Any] | None = None,
) -> Iterator[Registry]:
    """Two may share a storage: one that asks for tokens, one without by which images get in.

    `more` goes into its configuration as it is.
    """
    server = program("docker-registry", package="docker-registry")
    port = port or free_port()
    with temporary_folder("registry") as folder:
        config, log = folder / "config.yml", folder / "log"
        config.write_text(yaml.safe_dump({**configuration(storage, port, auth), **(more or {})}))

        def ready() -> bool:
            return answers_http(port, "/v2/") in (200, 401)

        with running([server, "serve", str(config)], log=log, ready=ready):
            yield Registry(
                url=f"http://localhost:{port}", host=f"localhost:{port}", port=port, log=log
            )


def configuration(storage: Path, port: int, auth: TokenAuth | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "version": 0.1,
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        # Uploads are signed with the secret; processes that share a storage have to share it.
        "http": {"addr": f"localhost:{port}", "secret": "shared-by-the-registries-of-a-test"},
    }
    if auth:
        settings["auth"] = {"token": asdict(auth)}
    return settings
