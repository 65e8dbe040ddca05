"""Facts that are kept in memory: each is read by one query."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orgs.actor import Actor
from orgs.models import Organization
from orgs.refresh_operations import Credential, issue_refresh_token
from orgs.secrets import SecretKind, new_secret, password_stamp, secret_digest
from orgs.team_operations import create_team
from orgs.token_operations import create_organization_token
from permissions import callers, known
from permissions.cluster_operations import connect_site_cluster, issue_cluster_credential
from permissions.core.own_rules import Audience, Effect, OwnRule, parse_target
from permissions.models import SiteVersion
from permissions.own_rule_operations import add_own_rule, end_own_rule
from permissions.queries import policy_of
from permissions.snapshots.memory import Kind
from permissions.versions import bump_site
from registries import signing
from tests.conftest import named_user

pytestmark = pytest.mark.django_db

STAFF = Actor.site_staff()


def _kinds(*modules: ModuleType) -> dict[str, Kind[Any, Any]]:
    found = (one for module in modules for one in vars(module).values() if isinstance(one, Kind))
    return {kind.name: kind for kind in found}


KINDS = _kinds(known, callers, signing)


@pytest.fixture
def keys(acme: Organization, demo: dict[str, str]) -> dict[str, Any]:
    """Something that exists of each kind."""
    token, oat = create_organization_token(STAFF, acme, label="CI", scope="repo:admin")
    cluster, _ = connect_site_cluster(STAFF, "shared")
    of_cluster = issue_cluster_credential(STAFF, cluster)
    mel, refresh = named_user("mel"), new_secret(SecretKind.REFRESH)
    issue_refresh_token(
        refresh,
        Credential(user=mel.pk, password_stamp=password_stamp(mel.password)),
        service="acme",
        membership=None,
        client="docker",
        address=None,
        now=timezone.now(),
    )
    bump_site()
    return {
        "user": "mel",
        "token": token.public_id,
        "cluster_namespace": "shared/default",
        "organization": "acme",
        "docker_organization": "acme",
        "site": None,
        "catalog": "bitnami/redis",
        "namespace_owners": ("docker.io", "acme"),
        "registry": "acme",
        "registry_secret": secret_digest(demo["ACME_REGISTRY_TOKEN"]),
        "cluster_secret": secret_digest(of_cluster),
        "personal_secret": secret_digest(demo["MEL_TOKEN"]),
        "organization_secret": secret_digest(oat),
        "refresh_secret": secret_digest(refresh),
        "signers": None,
    }


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_read_by_one_query(kind: str, keys: dict[str, Any]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert KINDS[kind].load(keys[kind]) is not None
    assert len(queries) == 1


def test_own_rules_are_read_as_they_were_entered(acme: Organization) -> None:
    create_team(STAFF, acme, "research")
    end = timezone.now() + timedelta(days=1, microseconds=1)
    why = 'It "calls home": \u5b89\u5168'
    entered = [
        ("block", "community", Audience.team("research"), end, why),
        ("exception", "docker.io/randomdev/*", Audience.user("mel"), None, ""),
        ("block", "ghcr.io/randomdev/tool", Audience.user("mel"), end, ""),
    ]
    rules = {
        add_own_rule(
            STAFF, acme, effect=effect, target=target, audience=whom, ends_at=end, reason=reason
        ).pk: (effect, target, whom, end, reason)
        for effect, target, whom, end, reason in entered
    }
    ended = add_own_rule(STAFF, acme, effect="block", target="docker.io/randomdev/old")
    end_own_rule(STAFF, acme, ended.pk)
    loaded = known.ORGANIZATION.load("acme")
    assert loaded is not None
    assert set(loaded.value.for_itself.own_rules.rules) == {
        OwnRule(pk, Effect(effect), parse_target(target), whom, end, reason)
        for pk, (effect, target, whom, end, reason) in rules.items()
    }


def test_an_organization_without_a_policy_is_none_that_decides(acme: Organization) -> None:
    policy_of(acme).delete()
    assert known.ORGANIZATION.load("acme") is None


def test_a_new_site_has_its_first_version() -> None:
    SiteVersion.objects.all().delete()
    loaded = known.SITE.load(None)
    assert loaded is not None
    assert loaded.value.version == 1
    assert loaded.value.mirrors
