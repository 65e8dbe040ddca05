"""What an administrator reads who has set a variable wrongly, or forgotten one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
COMPLETE = {
    "HUBADMIN_SECRET_KEY": "one secret",
    "HUBADMIN_DATA_KEY": "another, of 32 characters at least",
    "DATABASE_URL": "postgres://hubadmin@localhost/hubadmin",
}


def check(**changes: str | None) -> subprocess.CompletedProcess[str]:
    variables = {"PATH": os.environ["PATH"], **COMPLETE, **changes}
    return subprocess.run(
        [sys.executable, str(CHECKOUT / "manage.py"), "check"],
        env={name: value for name, value in variables.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_complete_passes() -> None:
    result = check()
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("name", "setting", "default"),
    [
        ("HUBADMIN_METRICS_TOKEN", "METRICS_TOKEN", "''"),
        ("HUBADMIN_ALLOWED_HOSTS", "ALLOWED_HOSTS", "['localhost']"),
        ("HUBADMIN_FROM_EMAIL", "DEFAULT_FROM_EMAIL", "'Hubadmin <hubadmin@localhost>'"),
        ("HUBADMIN_LOG_LEVEL", "LOGGING['root']['level']", "'WARNING'"),
        ("HUBADMIN_CATALOG_URL", "CELERY_BEAT_SCHEDULE.get('sync-catalog')", "None"),
        ("HUBADMIN_CATALOG_FORMAT", "CATALOG_FORMAT", "'hubadmin'"),
        ("HUBADMIN_PROFILE_CERTIFICATE", "PROFILE_CERTIFICATE", "''"),
        ("HUBADMIN_PROFILE_KEY", "PROFILE_KEY", "''"),
        ("HUBADMIN_OIDC", "IDENTITY_PROVIDERS", "[]"),
        ("HUBADMIN_SIGN_UP", "SIGN_UP", "'closed'"),
        ("HUBADMIN_CREATE_ORGANIZATIONS", "CREATE_ORGANIZATIONS", "'staff'"),
    ],
)
def test_an_empty_value_means_the_default(name: str, setting: str, default: str) -> None:
    code = f"from hubadmin import settings; print(repr(settings.{setting}))"
    for variables in (COMPLETE, {**COMPLETE, name: ""}):
        command = [sys.executable, "-c", code]
        shown = subprocess.check_output(command, env=variables, cwd=CHECKOUT, text=True)
        assert shown.strip() == default


def test_with_a_feed_the_catalogue_is_synced_every_day() -> None:
    code = "from hubadmin import settings; print(settings.CELERY_BEAT_SCHEDULE['sync-catalog'])"
    variables = {**COMPLETE, "HUBADMIN_CATALOG_URL": "https://feed.example/catalog.json"}
    shown = subprocess.check_output(
        [sys.executable, "-c", code], env=variables, cwd=CHECKOUT, text=True
    )
    assert "permissions.tasks.sync_catalog_with_feed" in shown
    assert "<crontab: 37 4 * * *" in shown


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HUBADMIN_SECRET_KEY", None),
        ("HUBADMIN_DATA_KEY", None),
        ("HUBADMIN_DATA_KEY", ""),
        ("HUBADMIN_DATA_KEY", "of 31 characters, so 1 too few."),
        ("HUBADMIN_URL", "not an address"),
        ("HUBADMIN_DEMO", "perhaps"),
        ("DATABASE_URL", "parchment://archive"),
        ("EMAIL_URL", "pigeon://loft"),
        ("HUBADMIN_CATALOG_URL", "http://feed.example/catalog.json"),
        ("HUBADMIN_CATALOG_FORMAT", "csv"),
        ("HUBADMIN_PROFILE_CERTIFICATE", "/nowhere/certificate.pem"),
        ("HUBADMIN_PROFILE_KEY", "/nowhere/key.pem"),
        ("HUBADMIN_LOG_LEVEL", "LOUD"),
        ("HUBADMIN_SIGN_UP", "ajar"),
        ("HUBADMIN_CREATE_ORGANIZATIONS", "friends"),
        ("HUBADMIN_DELETION_DAYS", "0"),
        ("HUBADMIN_INVITATIONS_PER_DAY", "0"),
    ],
)
def test_one_sentence_names_the_variable(name: str, value: str | None) -> None:
    result = check(**{name: value})
    assert result.returncode == 1
    assert name in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == 1
