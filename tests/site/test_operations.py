"""What administrators look at: health, metrics, headers, the API's description, commands."""

import json
from io import StringIO
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command
from django_scopes import scope
from openapi_spec_validator import validate
from pytest_django import Settings

from orgs.actor import Actor
from orgs.models import OrganizationAccessToken, User
from orgs.operations import change_profile
from orgs.queries import organization_named
from registries.routes import ROUTES
from registries.wsgi import Application
from tests.conftest import SITE_URL, NewVisitor, named_organization, named_user

pytestmark = pytest.mark.django_db


def test_alive_and_ready(visitor: NewVisitor) -> None:
    assert visitor().get("/healthz").json() == {"status": "ok"}
    ready = visitor().get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"] == {
        "database": True,
        "cache": True,
        "signing_key": True,
        "rules": True,
    }


def test_not_ready_without_a_key(visitor: NewVisitor, monkeypatch: pytest.MonkeyPatch) -> None:
    from registries.models import SigningKey

    SigningKey.objects.all().delete()
    ready = visitor().get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["checks"]["signing_key"] is False
    assert visitor().get("/healthz").status_code == 200


def test_metrics_are_for_whoever_may_scrape(visitor: NewVisitor, settings: Settings) -> None:
    assert visitor().get("/metrics").status_code == 403
    settings.METRICS_TOKEN = "scrape-me"
    assert visitor(Authorization="Bearer wrong").get("/metrics").status_code == 403
    visitor().get("/auth/ca.pem")
    answer = visitor(Authorization="Bearer scrape-me").get("/metrics")
    assert answer.status_code == 200
    assert 'hubadmin_protocol_answer_seconds_count{path="/auth/ca.pem"' in answer.text


def test_metrics_are_closed_to_this_machine_too(
    visitor: NewVisitor, application: Application
) -> None:
    visitor()
    for headers in ({}, {"Authorization": "Bearer "}, {"X-Forwarded-For": "unknown"}):
        transport = httpx.WSGITransport(app=application, remote_addr="127.0.0.1")
        with httpx.Client(transport=transport, base_url=SITE_URL) as local:
            assert local.get("/metrics", headers=headers).status_code == 403


def test_pages_come_with_a_strict_policy(visitor: NewVisitor) -> None:
    headers = visitor().get("/").headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"


def test_errors_are_ours(visitor: NewVisitor, settings: Settings) -> None:
    page = visitor().get("/no/such/page")
    assert page.status_code == 404
    assert "Hubadmin" in page.text
    problem = visitor().get("/api/no/such")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["status"] == 404
    forged = visitor().post("/accounts/login/", data={"login": "mel"})
    assert forged.status_code == 403
    assert "load the page again" in forged.text
    assert visitor().get("/", headers={"Host": "evil.example"}).status_code == 400


def test_logs_hold_the_path_and_no_query(
    visitor: NewVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    headers = {"X-Real-IP": "198.51.100.66"}
    assert visitor().get("/nope?secret=kept", headers=headers).status_code == 404
    # The client that asks logs for itself.
    text = "\n".join(str(record.msg) for record in caplog.records if record.name != "httpx")
    assert "'request': 'GET /nope'" in text
    assert "203.0.113.7" in text
    assert "kept" not in text
    assert "198.51.100.66" not in text


def test_the_api_is_described(visitor: NewVisitor) -> None:
    answer = visitor().get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"})
    document = json.loads(answer.text)
    validate(document)
    assert document["openapi"].startswith("3.1")
    of_owners = {"/v2/orgs/{org}/settings", "/api/v1/orgs/{org}/propagation"}
    assert {route.template for route in ROUTES.values()} | of_owners <= set(document["paths"])
    page = visitor().get("/api/docs/")
    assert page.status_code == 200
    assert "/access/v1/evaluation" in page.text


@pytest.mark.parametrize(
    "query", ["version=%0a", "version=v2", "lang=%00", "lang=xx", "lang=../..", "format=%0a"]
)
def test_no_query_changes_the_description(visitor: NewVisitor, query: str) -> None:
    plain = visitor().get("/api/schema/")
    answer = visitor().get(f"/api/schema/?{query}")
    assert (answer.status_code, answer.text) == (200, plain.text)
    assert answer.headers["content-disposition"] == plain.headers["content-disposition"]


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_manage_py_makes_the_first_people() -> None:
    run("create_user", "zoe", "zoe@example.com", "--full-name", "Zoe Zhang")
    run("create_organization", "zorg", "--owner", "zoe", "--display-name", "Zorg")
    run("create_user", "yan", "yan@example.com")
    run("add_member", "zorg", "yan", "--team", "owners")
    run("set_plan", "zorg", "team")
    run("deactivate_user", "yan")
    run("reactivate_user", "yan")
    run("remove_member", "zorg", "yan")
    run("assign_namespace", "zorg", "zorg")
    secret = run("connect_registry", "zorg-hub", "zorg.example:5000", "--organization", "zorg")
    assert secret.startswith("hubadmin_reg_")
    run("connect_registry", "wide", "wide.example", "--site-wide", "--mirrors-docker-hub")
    run("assign_namespace", "zorg", "zorg-too", "--service", "zorg-hub")
    assert run("rotate_registry_credential", "zorg-hub") != secret
    run("create_team", "zorg", "builders", "--can-push", "--description", "They build")
    run("add_member", "zorg", "yan", "--team", "builders")
    run("leave_team", "zorg", "builders", "yan")
    token = run("create_organization_token", "zorg", "CI", "--scope", "repo:write", "--days", "30")
    assert token.startswith("hubadmin_oat_")
    zorg = organization_named("zorg")
    assert zorg is not None
    with scope(organization=zorg):
        run("revoke_organization_token", "zorg", OrganizationAccessToken.objects.get().public_id)
    assert zorg.plan == "team"
    assert named_user("zoe").get_full_name() == "Zoe Zhang"
    assert not named_user("zoe").has_usable_password()
    run("verify_audit_log")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (("create_user", "mel", "new@example.com"), "This name is taken"),
        (("create_user", "Bad", "new@example.com"), "lower-case"),
        (("create_user", "fresh", "not-an-address"), "valid email"),
        (("create_organization", "new", "--owner", "nobody"), "There is no user nobody"),
        (("add_member", "nowhere", "mel"), "There is no organization nowhere"),
        (("add_member", "acme", "mel", "--team", "ghosts"), "has no team ghosts"),
        (("deactivate_user", "olivia"), "without an active owner"),
        (("remove_member", "acme", "olivia"), "without an active owner"),
        (("assign_namespace", "acme", "library"), "official"),
        (("assign_namespace", "acme", "x", "--service", "none"), "No registry none"),
        (("connect_registry", "new", "docker.io", "--site-wide"), "Docker Hub's own names"),
        (
            ("connect_registry", "new", "n.example", "--organization=acme", "--anonymous-pulls"),
            "goes with --site-wide",
        ),
        (("load_catalog", "/no/such/file"), "can't be read"),
        (("create_team", "acme", "owners"), "already exists"),
        (("leave_team", "acme", "owners", "olivia"), "without an active owner"),
        (("create_organization_token", "acme", " "), "needs a label"),
        (("create_organization_token", "acme", "CI", "--repository", "Acme"), "can't limit"),
        (("create_organization_token", "acme", "CI", "--days", "0"), "no number of days"),
        (("create_organization_token", "acme", "CI", "--days", "9" * 40), "no number of days"),
        (("revoke_organization_token", "acme", "org_none"), "no live access token"),
        (("rotate_registry_credential", "none"), "No registry none"),
    ],
)
def test_commands_say_in_a_sentence_what_they_refuse(
    command: tuple[str, ...], sentence: str
) -> None:
    before = User.objects.count()
    with pytest.raises(CommandError, match=sentence):
        run(*command)
    assert User.objects.count() == before


def test_a_name_that_another_has_at_docker_hub_is_told() -> None:
    globex = named_organization("globex")
    change_profile(
        Actor.site_staff(),
        globex,
        display_name=globex.display_name,
        docker_organization="futurecorp",
    )
    with pytest.raises(CommandError, match="globex gives futurecorp as its name at Docker Hub"):
        run("create_organization", "futurecorp", "--owner", "olivia")


def test_a_catalogue_is_loaded_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "catalog.json"
    file.write_text('{"entries": [{"path": "a/b", "kind": "verified_publisher", "title": "AB"}]}')
    assert "1 entries" in run("load_catalog", str(file))
    file.write_text('{"entries": [{"path": "A"}]}')
    with pytest.raises(CommandError, match="malformed"):
        run("load_catalog", str(file))
