"""Which tables decisions are made from, and the triggers that announce each write to them.

They are made anew after every migration, as SQLite drops a table's triggers whenever a migration
alters that table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

CHANNEL = "hubadmin_changes"
CHANGES = "permissions_change"


@dataclass(frozen=True, slots=True)
class Key:
    """A tag made of one column's value: `user:17`. `otherwise` is the tag where that is null;
    of a path, `first` takes the first component."""

    tag: str
    column: str
    otherwise: str = ""
    first: bool = False


@dataclass(frozen=True, slots=True)
class Watched:
    """A table whose rows decisions are made from. A row that changes in nothing but its `ignored`
    columns is not announced."""

    table: str
    keys: tuple[Key, ...]
    ignored: tuple[str, ...] = ()
    inserts: bool = True
    version: str = ""


@dataclass(frozen=True, slots=True)
class WatchedWhole:
    """A table that is replaced in bulk: one tag for whatever happens to it."""

    table: str
    tag: str


DIGEST = Key("digest", "digest")
ORGANIZATION = Key("organization", "organization_id")

WATCHED = (
    Watched("orgs_user", (Key("user", "id"),), ignored=("last_login", "last_seen_at")),
    # A second factor, or the last one gone, changes what a password is good for.
    Watched("mfa_authenticator", (Key("user", "user_id"),), ignored=("last_used_at", "data")),
    # Its own facts, and those of whoever belongs to it. Who may see its pages decides no pull.
    Watched(
        "orgs_organization",
        (Key("organization", "id"), Key("tenant", "id")),
        ignored=("requires_second_factor",),
    ),
    Watched("orgs_membership", (Key("user", "user_id"),)),
    Watched("orgs_team", (Key("team", "id"), ORGANIZATION)),
    Watched("orgs_teammembership", (Key("membership", "membership_id"),)),
    Watched("orgs_personalaccesstoken", (DIGEST,), ignored=("last_used_at",)),
    Watched(
        "orgs_organizationaccesstoken",
        (DIGEST, Key("token", "public_id")),
        ignored=("last_used_at",),
    ),
    # Every sign-in makes one, and nobody has asked for it before.
    Watched("orgs_refreshtoken", (DIGEST,), ignored=("last_used_at",), inserts=False),
    Watched("permissions_imageaccesspolicy", (ORGANIZATION,), version="version"),
    Watched("permissions_ownrule", (ORGANIZATION,)),
    Watched(
        "permissions_connectedregistry",
        (
            Key("registry", "id"),
            Key("organization", "organization_id", otherwise="site_registries"),
        ),
        ignored=("token_asked_at",),
    ),
    Watched("permissions_registrycredential", (DIGEST,), ignored=("last_used_at",)),
    Watched("permissions_namespace", (ORGANIZATION, Key("namespace", "path", first=True))),
    Watched("permissions_connectedcluster", (Key("cluster", "id"),)),
    Watched("permissions_clustercredential", (DIGEST,), ignored=("last_used_at",)),
    Watched("permissions_clusternamespace", (Key("cluster", "cluster_id"),)),
    WatchedWhole("permissions_siteversion", "site_version"),
    WatchedWhole("permissions_catalogentry", "catalog"),
    WatchedWhole("registries_signingkey", "signing"),
)

ANNOUNCE = f"""
CREATE OR REPLACE FUNCTION permissions_announce() RETURNS trigger LANGUAGE plpgsql AS $$
-- Arguments: the columns to ignore; the column of a version; then tag, column, otherwise, first
-- of each key. PostgreSQL gives one notification for as many as a transaction makes.
DECLARE
    before jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    after jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    ignored text[] := string_to_array(TG_ARGV[0], ',');
    known jsonb;
    value text;
    tags text[] := '{{}}';
    argument integer;
BEGIN
    IF TG_OP = 'UPDATE' AND before - ignored = after - ignored THEN
        RETURN NULL;
    END IF;
    FOREACH known IN ARRAY ARRAY[before, after] LOOP
        argument := 2;
        WHILE known IS NOT NULL AND argument < TG_NARGS LOOP
            value := known ->> TG_ARGV[argument + 1];
            IF TG_ARGV[argument + 3] <> '' THEN
                value := split_part(value, '/', 1);
            END IF;
            value := coalesce(TG_ARGV[argument] || ':' || value, TG_ARGV[argument + 2]);
            IF value <> '' AND NOT value = ANY (tags) THEN
                tags := tags || value;
            END IF;
            argument := argument + 4;
        END LOOP;
    END LOOP;
    INSERT INTO {CHANGES} (transaction, keys, at, organization_id, version) VALUES (
        pg_current_xact_id()::text::bigint,
        array_to_string(tags, ' '),
        clock_timestamp(),
        CASE WHEN TG_ARGV[1] <> '' THEN (coalesce(after, before) ->> 'organization_id')::bigint END,
        CASE WHEN before ->> TG_ARGV[1] IS DISTINCT FROM after ->> TG_ARGV[1]
            THEN (coalesce(after, before) ->> TG_ARGV[1])::bigint END
    );
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
END $$
"""  # noqa: S608
ANNOUNCE_WHOLE = f"""
CREATE OR REPLACE FUNCTION permissions_announce_whole() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {CHANGES} (transaction, keys, at)
        VALUES (pg_current_xact_id()::text::bigint, TG_ARGV[0], clock_timestamp());
    PERFORM pg_notify('{CHANNEL}', '');
    RETURN NULL;
END $$
"""  # noqa: S608
FUNCTIONS = ("permissions_announce", "permissions_announce_whole")
OPERATIONS = ("INSERT", "UPDATE", "DELETE")


def install(using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make all triggers as they are meant to be; receives `post_migrate`.

    Where a migration is undone so far that there is no table to write to, there are none.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        if CHANGES not in tables:
            remove(connection)
            return
        for statement in _functions(connection.vendor):
            cursor.execute(statement)
        for watched in WATCHED:
            if watched.table in tables:
                for statement in _triggers(connection, watched):
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take all triggers away."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for function in FUNCTIONS:
                cursor.execute(f"DROP FUNCTION IF EXISTS {function} CASCADE")
            return
        for watched in WATCHED:
            for operation in OPERATIONS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(watched, operation)}")


def _functions(vendor: str) -> Sequence[str]:
    return (ANNOUNCE, ANNOUNCE_WHOLE) if vendor == "postgresql" else ()


def _triggers(connection: BaseDatabaseWrapper, watched: Watched | WatchedWhole) -> Iterator[str]:
    if connection.vendor == "postgresql":
        yield _on_postgresql(watched)
        return
    for operation in _operations(watched):
        yield f"DROP TRIGGER IF EXISTS {_name(watched, operation)}"
        yield _on_sqlite(connection, watched, operation)


def _on_postgresql(watched: Watched | WatchedWhole) -> str:
    head = (
        f"CREATE OR REPLACE TRIGGER {_name(watched)} AFTER {' OR '.join(_operations(watched))} "
        f"ON {watched.table}"
    )
    if isinstance(watched, WatchedWhole):
        arguments = f"'{watched.tag}'"
        return f"{head} FOR EACH STATEMENT EXECUTE FUNCTION permissions_announce_whole({arguments})"
    arguments = ", ".join(
        f"'{argument}'"
        for argument in (
            ",".join(watched.ignored),
            watched.version,
            *(
                part
                for key in watched.keys
                for part in (key.tag, key.column, key.otherwise, "first" if key.first else "")
            ),
        )
    )
    return f"{head} FOR EACH ROW EXECUTE FUNCTION permissions_announce({arguments})"


def _on_sqlite(
    connection: BaseDatabaseWrapper, watched: Watched | WatchedWhole, operation: str
) -> str:
    rows = {"INSERT": ["NEW"], "UPDATE": ["OLD", "NEW"], "DELETE": ["OLD"]}[operation]
    organization = version = "NULL"
    columns = ""
    if isinstance(watched, WatchedWhole):
        tags = f"'{watched.tag}'"
    else:
        tags = " || ' ' || ".join(_sqlite_tag(key, row) for key in watched.keys for row in rows)
        if watched.version:
            organization = f"{rows[-1]}.organization_id"
            version = f"{rows[-1]}.{watched.version}"
            if operation == "UPDATE":
                same = f"OLD.{watched.version} IS NEW.{watched.version}"
                version = f"CASE WHEN NOT {same} THEN {version} END"
        if operation == "UPDATE":
            with connection.cursor() as cursor:
                described = connection.introspection.get_table_description(cursor, watched.table)
            names = [column.name for column in described if column.name not in watched.ignored]
            columns = f" OF {', '.join(names)}"
    values = f"0, {tags}, strftime('%Y-%m-%d %H:%M:%f', 'now'), {organization}, {version}"
    return f"""
        CREATE TRIGGER {_name(watched, operation)} AFTER {operation}{columns} ON {watched.table}
        BEGIN
            INSERT INTO {CHANGES} ("transaction", keys, at, organization_id, version)
                VALUES ({values});
        END
    """  # noqa: S608


def _sqlite_tag(key: Key, row: str) -> str:
    value = f"{row}.{key.column}"
    if key.first:
        value = f"substr({value}, 1, instr({value} || '/', '/') - 1)"
    return f"coalesce('{key.tag}:' || {value}, '{key.otherwise}')"


def _operations(watched: Watched | WatchedWhole) -> Sequence[str]:
    inserts = isinstance(watched, WatchedWhole) or watched.inserts
    return OPERATIONS if inserts else OPERATIONS[1:]


def _name(watched: Watched | WatchedWhole, operation: str = "") -> str:
    return f"announce_{watched.table}{f'_{operation.lower()}' if operation else ''}"
