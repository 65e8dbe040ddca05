"""The made-up people, organizations and registries of `script/demo` and of the tests."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from orgs.actor import Actor
from orgs.member_operations import add_member
from orgs.models import AccessToken, Organization, User
from orgs.operations import appoint_staff, create_organization, create_user, set_password
from orgs.queries import organization_named, personal_token, user_named
from orgs.token_operations import create_personal_token
from permissions.catalog_file import STARTER, STARTER_SOURCE, read_catalog
from permissions.catalog_operations import replace_catalog
from permissions.core.reference import HUB
from permissions.namespace_operations import assign_namespace, request_namespace
from permissions.queries import stored_registry
from permissions.registry_operations import (
    connect_registry,
    connect_site_registry,
    issue_registry_credential,
)
from permissions.registry_queries import waiting_requests_of

PEOPLE = {
    "olivia": "Olivia Okafor",
    "mel": "Mel Meyer",
    "gus": "Gus García",
    "nina": "Nina Novak",
    "ivan": "Ivan Ilić",
    "sam": "Sam Sato",
}
WITH_TOKEN = ("olivia", "mel", "gus", "nina")
ORGANIZATIONS = (
    ("acme", "Acme Corporation", "olivia", Organization.Plan.BUSINESS),
    ("globex", "Globex", "gus", Organization.Plan.BUSINESS),
    ("initech", "Initech", "ivan", Organization.Plan.FREE),
)


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the two demo registries are."""

    acme: str = "localhost:5000"
    site: str = "localhost:5001"


def load_demo(env_file: Path, site_url: str, hosts: Hosts) -> None:
    """Make the demo data once, and the file that tells its secrets.

    When both are there already only the site's address in the file is brought up to date; when
    the file is gone, new secrets are made.
    """
    known = read_env(env_file)
    if not _still_good(known):
        with transaction.atomic():
            known = _load(hosts)
            # Before the commit: a file without data is made anew, data without a file is lost.
            write_env(env_file, {"HUBADMIN_URL": site_url, **known})
    elif known.get("HUBADMIN_URL") != site_url:
        write_env(env_file, {**known, "HUBADMIN_URL": site_url})


def read_env(env_file: Path) -> dict[str, str]:
    """The `KEY=value` lines of a file; nothing if there is none."""
    if not env_file.exists():
        return {}
    lines = env_file.read_text().splitlines()
    return {key: value for key, _, value in (line.partition("=") for line in lines) if value}


def write_env(env_file: Path, values: dict[str, str]) -> None:
    """Write `KEY=value` lines that nobody else may read, whole or not at all."""
    temporary = env_file.with_name(env_file.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{key}={value}\n" for key, value in values.items())
    temporary.replace(env_file)


def _still_good(known: dict[str, str]) -> bool:
    token = personal_token(known.get("OLIVIA_TOKEN", ""), timezone.now())
    return token is not None and "SITE_REGISTRY_TOKEN" in known


def _load(hosts: Hosts) -> dict[str, str]:
    staff = Actor.site_staff()
    password = secrets.token_urlsafe(12)
    people = {name: _person(staff, name, password) for name in PEOPLE}
    appoint_staff(staff, people["sam"])
    for name, display_name, owner, plan in ORGANIZATIONS:
        if organization_named(name) is None:
            create_organization(
                staff, name=name, display_name=display_name, owner=people[owner], plan=plan
            )
    acme, globex = _organization("acme"), _organization("globex")
    for name in ("mel", "gus"):
        add_member(staff, acme, people[name])
    for organization in (acme, globex):
        assign_namespace(staff, organization, organization.name)
    if not waiting_requests_of(globex):
        gus = Actor("gus", None, people["gus"])
        request_namespace(gus, globex, "globex-labs", note="Our research team publishes there.")
    starter = read_catalog(STARTER.read_bytes())
    replace_catalog(staff, starter.catalog, source=STARTER_SOURCE, dated=starter.dated)
    tokens = {f"{name.upper()}_TOKEN": _token(staff, people[name]) for name in WITH_TOKEN}
    return {
        "DEMO_PASSWORD": password,
        **tokens,
        "ACME_REGISTRY_TOKEN": _credential(
            staff,
            "acme",
            lambda: connect_registry(staff, acme, service="acme", host=hosts.acme, upstream=HUB)[1],
        ),
        "SITE_REGISTRY_TOKEN": _credential(
            staff,
            "hub",
            lambda: connect_site_registry(staff, service="hub", host=hosts.site, upstream=HUB)[1],
        ),
    }


def _person(staff: Actor, name: str, password: str) -> User:
    user = user_named(name)
    if user is None:
        return create_user(
            staff,
            username=name,
            email=f"{name}@example.com",
            password=password,
            full_name=PEOPLE[name],
        )
    set_password(staff, user, password)
    return user


def _organization(name: str) -> Organization:
    organization = organization_named(name)
    assert organization is not None
    return organization


def _token(staff: Actor, user: User) -> str:
    _, secret = create_personal_token(staff, user, label="Demo", scope=AccessToken.Scope.ADMIN)
    return secret


def _credential(staff: Actor, service: str, connect: Callable[[], str]) -> str:
    registry = stored_registry(service)
    return connect() if registry is None else issue_registry_credential(staff, registry)
