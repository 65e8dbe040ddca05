"""The log of changes: append-only, in sequence, chained."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from audit.models import AuditChain, AuditEntry
from audit.queries import entries_of, first_broken_link
from audit.record import record, record_each

pytestmark = pytest.mark.django_db
TRIGGERS = "ALTER TABLE audit_auditentry {} TRIGGER audit_entry_append_only"
PUT_BEHIND_THE_END = """
    INSERT INTO audit_auditentry (organization_id, sequence, at, actor, action, target, before,
        after, address, previous_hash, hash)
    SELECT organization_id, 4, at, actor, action, target, before, after, address, hash, hash
    FROM audit_auditentry WHERE {} AND sequence = 3
"""
ORGANIZATION = 900_001


def write(number: int) -> list[AuditEntry]:
    return [
        record(
            organization_id=ORGANIZATION,
            actor="olivia",
            address="198.51.100.1",
            action="team.created",
            target=f"team-{index}",
            after={"can_push": True, "name": "Gus García"},
        )
        for index in range(number)
    ]


def tampered(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS.format("DISABLE"))
        cursor.execute(sql)
        cursor.execute(TRIGGERS.format("ENABLE"))


def test_entries_are_numbered_and_chained_from_the_first_on() -> None:
    first, second = write(2)
    assert (first.sequence, second.sequence) == (1, 2)
    assert first.previous_hash == "0" * 64
    assert second.previous_hash == first.hash
    assert first_broken_link(ORGANIZATION) is None
    assert [entry.sequence for entry in entries_of(ORGANIZATION)] == [2, 1]


def test_one_change_to_many_is_a_row_for_each_in_the_same_chain() -> None:
    write(1)
    said: dict[str, Any] = {
        "actor": "olivia",
        "address": None,
        "action": "invitation.sent",
        "after": {"joined": []},
    }
    names = [f"person-{number}" for number in range(50)]
    written = record_each(organization_id=ORGANIZATION, targets=names, **said)
    assert record_each(organization_id=ORGANIZATION, targets=[], **said) == []
    write(1)
    assert [entry.target for entry in written] == names
    assert [entry.sequence for entry in entries_of(ORGANIZATION)] == list(range(52, 0, -1))
    assert first_broken_link(ORGANIZATION) is None


def test_many_rows_take_as_few_queries_as_two(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    write(1)
    with django_assert_num_queries(7):
        record_each(
            organization_id=ORGANIZATION,
            actor="olivia",
            address=None,
            action="invitation.sent",
            targets=[str(number) for number in range(500)],
        )


def test_each_organization_has_a_chain_of_its_own() -> None:
    write(3)
    other = record(organization_id=ORGANIZATION + 1, actor="x", address=None, action="y")
    assert other.sequence == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET actor = 'nobody'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_the_database_refuses_to_rewrite_it(sql: str) -> None:
    write(1)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert AuditEntry.objects.filter(organization_id=ORGANIZATION).count() == 1


@pytest.mark.parametrize(
    ("sql", "broken_at"),
    [
        ("UPDATE audit_auditentry SET actor = 'nobody' WHERE {} AND sequence = 2", 2),
        ("UPDATE audit_auditentry SET after = '{{}}' WHERE {} AND sequence = 1", 1),
        ("DELETE FROM audit_auditentry WHERE {} AND sequence = 2", 2),
        ("DELETE FROM audit_auditentry WHERE {} AND sequence = 3", 3),
        ("DELETE FROM audit_auditentry WHERE {}", 1),
        (PUT_BEHIND_THE_END, 4),
    ],
)
def test_whoever_gets_around_the_triggers_breaks_the_chain(sql: str, broken_at: int) -> None:
    write(3)
    tampered(sql.format(f"organization_id = {ORGANIZATION}"))
    assert first_broken_link(ORGANIZATION) == broken_at
    with pytest.raises(CommandError, match=f"{ORGANIZATION} from entry {broken_at}"):
        call_command("verify_audit_log")


def test_a_log_without_its_head_is_not_forgotten() -> None:
    write(3)
    AuditChain.objects.filter(pk=ORGANIZATION).delete()
    with pytest.raises(CommandError, match=f"{ORGANIZATION} from entry 1"):
        call_command("verify_audit_log")


def test_a_whole_log_is_called_whole(capsys: pytest.CaptureFixture[str]) -> None:
    write(2)
    call_command("verify_audit_log")
    assert "whole" in capsys.readouterr().out


def test_a_change_that_fails_leaves_no_row() -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        write(1)
        raise RuntimeError
    assert not entries_of(ORGANIZATION).exists()
    assert not AuditChain.objects.filter(pk=ORGANIZATION).exists()
