"""The image gives up what it doesn't need, and what it runs works without it."""

import re
import subprocess
from pathlib import Path

import pytest

from tests import services
from tests.deploy.conftest import CHECKOUT, Container
from tests.deploy.dockerfile import Stage
from tests.services.process import answers_http, running


def test_it_runs_as_nobody_in_particular(image: Stage) -> None:
    user, group = image.only("USER").arguments.split(":")
    assert int(user) > 0
    assert int(group) > 0


def test_it_names_no_registry_and_follows_no_latest(stages: list[Stage]) -> None:
    bases = {stage.base for stage in stages}
    assert len(bases) == 1, "the virtual environment needs the Python that it was made with"
    name, _, tag = bases.pop().partition(":")
    assert "." not in name
    assert tag not in ("", "latest")


def test_it_is_installed_by_the_same_script_from_the_same_locks(stages: list[Stage]) -> None:
    copied = stages[0].all("COPY")[0].arguments.split()
    assert {"requirements.txt", "package-lock.json", ".npmrc"} <= set(copied)
    assert "script/setup" in [each.arguments for each in stages[0].all("RUN")]


def test_the_final_stage_only_takes_over_what_was_built(image: Stage) -> None:
    assert [each.arguments.split()[0] for each in image.all("COPY")] == ["--from=build"]
    assert not image.all("ADD")


def test_no_secret_is_left_in_it(image: Stage) -> None:
    assert not any(re.search("SECRET|KEY|PASSWORD|TOKEN", name) for name in image.environment())
    assert not image.all("ARG")


def test_what_it_is_built_from_is_listed_so_that_nothing_slips_in() -> None:
    lines = (CHECKOUT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    admitted = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert all((CHECKOUT / name).exists() for name in admitted)
    apps = {path.parent.name for path in CHECKOUT.glob("*/apps.py")}
    assert apps <= admitted, "an app that the settings install is missing from the image"
    assert not admitted & {".git", ".env", "var", "tests"}


@pytest.fixture(scope="session")
def collected(stages: list[Stage], container: Container) -> Path:
    """Runs collectstatic with the words of the build: no database, no address of the site."""
    (line,) = (each.arguments for each in stages[0].all("RUN") if "collectstatic" in each.arguments)
    command = line.partition("&&")[0].replace(".venv/bin/python", "python")
    environment = {name: container.environment[name] for name in ("PATH", "HUBADMIN_STATIC_ROOT")}
    subprocess.run(["sh", "-c", command], cwd=CHECKOUT, env=environment, check=True)
    return container.static


def test_the_build_collects_hashed_and_compressed_files(collected: Path) -> None:
    names = [path.name for path in collected.rglob("tabler.min.*")]
    assert any(re.fullmatch(r"tabler\.min\.[0-9a-f]{12}\.css", name) for name in names)
    assert any(re.fullmatch(r"tabler\.min\.[0-9a-f]{12}\.css\.gz", name) for name in names)


def test_nothing_but_tmp_can_be_written_in_these_tests(container: Container) -> None:
    for place in (CHECKOUT / "written", Path("/usr/written")):
        assert container.run("touch", str(place), check=False).returncode != 0
    assert container.run("touch", container.environment["HUBADMIN_VAR"] + "/written")


def test_it_serves_and_its_health_check_knows(
    image: Stage, migrated: Container, collected: Path, authority: Path, tmp_path: Path
) -> None:
    port = services.free_port()
    words = [str(port) if word == "8000" else word for word in image.only("CMD").command()]
    check = [str(port) if word == "8000" else word for word in image.only("HEALTHCHECK").command()]

    def listens() -> bool:
        return answers_http(port, "/healthz", host="hubadmin.example.com") == 200

    with running(
        migrated.command(*words),
        log=tmp_path / "log",
        ready=listens,
        env=migrated.environment,
        cwd=CHECKOUT,
    ):
        assert migrated.run(*check, check=False).returncode == 0
        assert answers_http(port, "/readyz", host="elsewhere.example.com") != 200
        # What the sample registry does before it starts.
        fetched, source = tmp_path / "ca.pem", f"http://localhost:{port}"
        migrated.run("python", "deploy/registry/fetch_ca.py", source, str(fetched))
        assert fetched.read_text() == authority.read_text()
    assert migrated.run(*check, check=False).returncode == 1
