"""Whatever decisions are made from announces that it was written, whoever writes it."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from orgs.models import Organization
from permissions.change_models import Change
from permissions.triggers import WATCHED, Watched

# What no decision is made from, and why it can't be.
NOT_DECIDED_FROM = {
    "orgs_name": "names are only ever added, with the user or organization that bears them",
    "orgs_invitation": "an offer; who takes it up becomes a member",
    "orgs_invitation_teams": "the same",
    "registries_announcedauthority": "looked at when certificates are handed out",
    "permissions_change": "it is the announcement",
    "permissions_workerreport": "what workers say of themselves, to people only",
    "permissions_namespacerequest": "a wish; what is granted becomes a namespace",
    "permissions_exceptionrequest": "a wish; what is granted becomes a rule",
    "permissions_servicename": "looked at when a registry is connected",
    "permissions_catalogsync": "where the catalogue came from; its entries are watched",
}
TABLES = {watched.table for watched in WATCHED}


def rooms_tables() -> dict[str, type[models.Model]]:
    """The tables of the rooms that say who may do what, and of the package for second factors."""
    rooms = [apps.get_app_config(name) for name in ("orgs", "permissions", "registries", "mfa")]
    return {
        model._meta.db_table: model
        for room in rooms
        for model in room.get_models(include_auto_created=True)
    }


def test_every_table_is_watched_or_has_a_reason_not_to_be() -> None:
    """A new model belongs into `permissions.triggers`, or into the list above."""
    plain_django = {"orgs_user_groups", "orgs_user_user_permissions"}
    assert set(rooms_tables()) - plain_django == TABLES | set(NOT_DECIDED_FROM)
    assert not TABLES & set(NOT_DECIDED_FROM)


@pytest.mark.django_db
@pytest.mark.parametrize("watched", WATCHED, ids=lambda watched: watched.table)
def test_every_column_counts_but_those_that_decide_nothing(watched: Any) -> None:
    """Written in SQL, as whatever forgets to announce would."""
    model = rooms_tables()[watched.table]
    ignored = watched.ignored if isinstance(watched, Watched) else ()
    row = model._base_manager.first()
    if row is None:
        pytest.fail(f"The demo has no {watched.table}; make one in `_filled`.")
    for field in model._meta.concrete_fields:
        if not field.primary_key and field.column not in ignored:
            assert announced(watched, field, row.pk), field.column
    for column in ignored:
        assert announced(watched, model._meta.get_field(column), row.pk) == []


@pytest.fixture(autouse=True)
def _filled(request: pytest.FixtureRequest) -> None:
    """A row for each table of which the demo has none."""
    if "watched" not in request.fixturenames:
        return
    request.getfixturevalue("db")
    from allauth.mfa.models import Authenticator
    from django_scopes import scopes_disabled

    from orgs.models import OrganizationAccessToken, RefreshToken, User
    from permissions.cluster_models import ClusterCredential, ClusterNamespace, ConnectedCluster
    from permissions.own_rule_models import OwnRule

    with scopes_disabled():
        acme = Organization.objects.get(name="acme")
        cluster = ConnectedCluster.objects.create(name="production")
        ClusterCredential.objects.create(cluster=cluster, public_id="c", digest="c")
        ClusterNamespace.objects.create(organization=acme, cluster=cluster, namespace="default")
        OwnRule.objects.create(
            organization=acme, effect="block", target="docker.io/a/b", created_by="olivia"
        )
        OrganizationAccessToken.objects.create(
            organization=acme, public_id="t", digest="t", label="CI", scope="repo:read"
        )
        mel, now = User.objects.get(username="mel"), timezone.now()
        Authenticator.objects.create(user=mel, type=Authenticator.Type.TOTP, data={})
        RefreshToken.objects.create(
            public_id="r",
            digest="r",
            service="hub",
            user=mel,
            password_stamp="x",
            created_at=now,
            last_used_at=now,
        )


def announced(watched: Any, field: Any, pk: Any) -> list[str]:
    """What is announced when this column alone is changed, as far as constraints let it."""
    Change._default_manager.all().delete()
    primary = rooms_tables()[watched.table]._meta.pk
    assert primary is not None
    wished, values = ("%s", [_another(field)])
    if field.get_internal_type() == "BooleanField":
        wished, values = f"NOT {field.column}", []
    update = f"UPDATE {watched.table} SET {field.column} = {wished} WHERE {primary.column} = %s"
    sid = transaction.savepoint()
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            cursor.execute(update, [*values, pk])
        return list(Change._default_manager.values_list("keys", flat=True))
    except IntegrityError as error:
        return [f"can't be changed: {error}"]
    finally:
        transaction.savepoint_rollback(sid)


def _another(field: Any) -> Any:
    """A value that the column hasn't got."""
    match field.get_internal_type():
        case "DateTimeField":
            return datetime(2031, 1, 1, tzinfo=UTC)
        case "JSONField":
            return '["docker.io/x/y"]'
        case "BinaryField":
            return uuid4().bytes
        case "GenericIPAddressField":
            return "203.0.113.99"
        case kind if "Integer" in kind or field.is_relation:
            return 999_999
        case _:
            return uuid4().hex[:8]
