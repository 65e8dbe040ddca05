"""Rows that belong to another row, read with it: one query for what is true together."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from django.db.models import JSONField, QuerySet, Subquery
from django.db.models.functions import JSONObject

Row: TypeAlias = Mapping[str, Any]


class Rows(Subquery):
    """The rows of a queryset about an `OuterRef`, as a list of `Row`.

    `fields` says for each name in a row which field it is read from. JSON carries the values: a
    time has to be read by `moment`, and what is true is not false, but may be 1.
    """

    template = "(SELECT COALESCE(JSONB_AGG(one.fields), '[]') FROM (%(subquery)s) one)"

    def __init__(self, queryset: QuerySet[Any], **fields: str) -> None:
        super().__init__(queryset.values(fields=JSONObject(**fields)), output_field=JSONField())

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(SELECT JSON_GROUP_ARRAY(JSON(one.fields)) FROM (%(subquery)s) one)"
        return self.as_sql(compiler, connection, template=template, **context)


def moment(text: str | None) -> datetime | None:
    """A time of a row, which without a time zone is UTC, as databases keep it; None for none."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
