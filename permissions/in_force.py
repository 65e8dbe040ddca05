"""A change is in force in the process that made it before it is acknowledged (P6)."""

from typing import Any

from django.db import transaction

from permissions.snapshots.memory import store, watcher


def when_committed(**_: Any) -> None:
    """Take in what this transaction changes as soon as it is committed.

    Receives the saving of a row of the audit log, which every change leaves.
    """
    if watcher.watches:
        transaction.on_commit(take_in)


def take_in() -> None:
    """Take in all that is committed by now; if that can't be learned, forget everything."""
    if watcher.watches and not watcher.look_again():
        store.forget_all()
