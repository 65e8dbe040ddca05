"""How long the server works on an owner's page, with 20,000 members and millions of pulls.

`python -m tests.services run -- python -m bench.pages [lines of the pull log]`, ten million unless
told otherwise: they take some minutes and gigabytes. Of the daily counts a million are of the last
30 days. In one process, without the network; the table has the median of the rounds and the
slowest, and the median of the processor time of our own process, in milliseconds: the rest of the
first is the database's, and what else the machine does.
"""

import json
import os
import secrets
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "pages.json"
MEMBERS, CHANGES, ROUNDS = 20_000, 100_000, 15
PAGES = (
    "/",
    "/orgs/acme/",
    "/orgs/acme/members/",
    "/orgs/acme/teams/",
    "/orgs/acme/activity/",
    "/orgs/acme/activity/?who=olivia",
    "/orgs/acme/activity/?action=team.created&since=2026-01-01",
    "/orgs/acme/activity/?text=nowhere-to-be-found",
    "/orgs/acme/activity/pulls/",
    "/orgs/acme/activity/pulls/?answer=refused",
    "/orgs/acme/activity/pulls/?who=crowd-7",
    "/orgs/acme/activity/pulls/?repository=docker.io/library/image-7",
    "/orgs/acme/activity/pulls/?registry=nowhere",
    "/orgs/acme/activity/pulls/?rule=blocked&answer=allowed",
    "/orgs/acme/activity/pulls/?since={old}&until={old}",
    "/orgs/acme/settings/",
    "/orgs/acme/settings/permissions/",
    "/orgs/acme/settings/access-tokens/",
)
# What the page asks as an owner moves the switches.
PREVIEW = "/orgs/acme/settings/permissions/preview/"
WISHES = (
    {"enabled": "on", "allow_official_images": "on", "allow_verified_publishers": "on"},
    {"enabled": "on", "allow_official_images": "on"},
    {"enabled": "on"},
)
LINES = (
    """
    INSERT INTO audit_pulllogentry (key, at, organization_id, subject_kind, subject_id, action,
        image, repository, category, rule, own_rule, would_have, allowed, policy_version, protocol,
        registry, client, address, request_id)
    SELECT gen_random_uuid(), now() - (%(lines)s - n) * interval '60 days' / %(lines)s, %(acme)s,
        'user', 'crowd-' || n %% %(members)s, 'pull',
        'docker.io/library/image-' || n %% 5000 || ':1', 'docker.io/library/image-' || n %% 5000,
        'official', 'official_allowed', 0, '', n %% 20 > 0, 1, 'token', 'acme', 'docker/28',
        '198.51.100.7', '' FROM generate_series(1, %(lines)s) n
    """,
    # A million in 30 days: each member pulls one or two repositories a day, of about twenty, and
    # some repositories are pulled by nearly everybody.
    """
    INSERT INTO audit_dailypulls (organization_id, date, subject_kind, subject_id, action,
        repository, category, rule, own_rule, would_have, allowed, count)
    SELECT %(acme)s, date, 'user', 'crowd-' || member, 'pull', path || number, category, rule, 0,
        '', rule <> 'community_restricted', sum(count)
    FROM (
        SELECT (now() AT TIME ZONE 'UTC')::date - day AS date, member, 1 + member %% 5 AS count,
            floor(5000 * power((hashint8(member * 31::bigint + (day + 3 * place) %% 20 * 7919)
                & 1048575) / 1048576.0, 3))::int AS number
        FROM generate_series(0, 59) day, generate_series(0, %(members)s - 1) member,
            generate_series(0, 1) place
        WHERE place = 0 OR hashint8(day * 20000 + member) %% 4 <> 0
    ) pulls
    JOIN (VALUES
        (0, 4, 'docker.io/library/image-', 'official', 'official_allowed'),
        (5, 7, 'docker.io/somebody/image-', 'community', 'community_restricted'),
        (8, 8, 'docker.io/bitnami/image-', 'verified_publisher', 'verified_publisher_allowed'),
        (9, 9, 'docker.io/acme/image-', 'organization', 'organization_image')
    ) kinds (first, last, path, category, rule) ON number %% 10 BETWEEN first AND last
    GROUP BY date, member, number, path, category, rule ORDER BY date
    """,
    """
    INSERT INTO audit_auditentry (organization_id, sequence, at, actor, action, target, before,
        after, address, previous_hash, hash)
    SELECT %(acme)s, 1000 + n, now() - (%(changes)s - n) * interval '1 minute', 'crowd-' || n %% 50,
        'team.created', 'team-' || n, '{}', '{"can_push": true}', '198.51.100.7', '', ''
    FROM generate_series(1, %(changes)s) n
    """,
    "UPDATE audit_auditchain SET sequence = 1000 + %(changes)s WHERE organization_id = %(acme)s",
)


def main(lines: int) -> None:
    _prepare_django()
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django_scopes import scope

    from audit.tasks import pack_pulls
    from orgs.models import Membership, User
    from orgs.queries import organization_named, user_named

    folder = Path(tempfile.mkdtemp())
    call_command("migrate", verbosity=0)
    call_command("load_demo", f"--env-file={folder / 'demo.env'}")
    acme, olivia = organization_named("acme"), user_named("olivia")
    assert acme is not None
    assert olivia is not None
    sizes = {"acme": acme.pk, "members": MEMBERS, "lines": lines, "changes": CHANGES}
    with scope(organization=acme):
        crowd = User.objects.bulk_create(
            User(username=f"crowd-{n}", email=f"crowd-{n}@example.com") for n in range(MEMBERS)
        )
        Membership.objects.bulk_create(Membership(organization=acme, user=user) for user in crowd)
    with connection.cursor() as cursor:
        for statement in LINES:
            cursor.execute(statement, sizes)
        cursor.execute("VACUUM ANALYZE")
    pack_pulls()
    client = Client(headers={"host": "localhost"})
    client.force_login(olivia, backend="allauth.account.auth_backends.AuthenticationBackend")
    pages: dict[str, dict[str, float]] = {}
    for page, took in _timed(client):
        pages[page] = took
        columns = (took["median"], took["slowest"], took["own"])
        sys.stdout.write("".join(f"{column:8.1f}" for column in columns) + f"  {page}\n")
    sizes_and_pages = {"members": MEMBERS, "changes": CHANGES, "lines": lines, "pages": pages}
    RESULTS.write_text(json.dumps(sizes_and_pages, indent=2) + "\n")


def _timed(client: Any) -> Iterator[tuple[str, dict[str, float]]]:
    from datetime import timedelta

    from django.utils import timezone

    old = f"{timezone.now() - timedelta(days=45):%Y-%m-%d}"
    asked: list[tuple[str, dict[str, str] | None]] = [(page, None) for page in PAGES]
    asked += [(f"{PREVIEW} {' '.join(wish)}", wish) for wish in WISHES]
    for page, wish in asked:
        path = page.format(old=old).partition(" ")[0]
        times: list[float] = []
        own: list[float] = []
        for number in range(ROUNDS + 1):
            started, used = time.perf_counter(), time.process_time()
            if wish is None:
                answer = client.get(path)
            else:
                answer = client.post(path, wish, headers={"HX-Request": "true"})
            took = (time.perf_counter() - started) * 1000
            assert answer.status_code == 200, (path, answer.status_code)
            if number:  # the first warms up
                times.append(took)
                own.append((time.process_time() - used) * 1000)
        yield (
            page,
            {
                "median": round(statistics.median(times), 1),
                "slowest": round(max(times), 1),
                "own": round(statistics.median(own), 1),
            },
        )


def _prepare_django() -> None:
    import django

    from tests.services.postgresql import create_database

    os.environ["DATABASE_URL"] = create_database(os.environ["DATABASE_URL"], "bench_pages")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hubadmin.settings")
    os.environ["HUBADMIN_URL"] = "http://localhost"
    for name in ("HUBADMIN_SECRET_KEY", "HUBADMIN_DATA_KEY"):
        os.environ[name] = secrets.token_urlsafe(48)
    # As in the demo: style sheets by the names they have.
    os.environ["HUBADMIN_DEMO"] = "1"
    django.setup()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)
