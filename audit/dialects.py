"""Migrations in SQL, for what Django's models can't say, on both databases."""

from collections.abc import Callable, Mapping, Sequence

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Statements = Mapping[str, Sequence[str]]


def run_sql(forwards: Statements, backwards: Statements) -> migrations.RunPython:
    """A reversible migration step; a database that has no statements is left alone."""
    return migrations.RunPython(_runner(forwards), _runner(backwards))


def _runner(statements: Statements) -> Callable[[Apps, BaseDatabaseSchemaEditor], None]:
    def run(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
        with editor.connection.cursor() as cursor:
            for statement in statements.get(editor.connection.vendor, ()):
                cursor.execute(statement)

    return run
