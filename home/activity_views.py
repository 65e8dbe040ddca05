"""What happened in an organization: changes, and pulls; as pages, and as files for owners."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from audit.export import Row, csv_file, json_file
from audit.found import Found, all_found
from audit.models import AuditEntry, PullLogEntry
from audit.pull_queries import USER, pulls_found
from audit.queries import change_of, changes_of
from home.forms import ChangeFilterForm, PullFilterForm
from orgs.guards import OrganizationRequest, org_page, owners_only
from orgs.models import Organization
from permissions.catalog_queries import publishers_of
from permissions.core.policy import Category

PAGE_SIZE = 40
MOST_EXPORTED = 100_000
# What members don't read in the log, as they don't on its own pages: it holds e-mail addresses,
# which machines have access, and what a member told the owners alone.
OWNERS_ONLY = ("invitation.", "organization_token.", "exception.")

CHANGE_COLUMNS = ("number", "at", "actor", "action", "target", "before", "after", "address")
PULL_COLUMNS = (
    "number",
    "at",
    "subject_kind",
    "subject",
    "action",
    "image",
    "repository",
    "category",
    "allowed",
    "rule",
    "own_rule",
    "would_have",
    "policy_version",
    "protocol",
    "registry",
    "client",
    "address",
    "request_id",
)
FILES: dict[str, tuple[str, Callable[[Sequence[str], Iterable[Row]], Iterator[str]]]] = {
    "csv": ("text/csv; charset=utf-8", csv_file),
    "json": ("application/json", json_file),
}


def hidden_from(request: OrganizationRequest) -> Sequence[str]:
    """How the actions begin that a visitor doesn't read in the log."""
    return () if request.is_owner else OWNERS_ONLY


@require_safe
@org_page
def activity(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form = ChangeFilterForm(request.GET, hidden_from(request))
    found: Found[AuditEntry] = Found([], None)
    if form.is_valid():
        found = changes_of(organization.pk, form.wanted(), PAGE_SIZE)
    return _render(request, "home/activity.html", form, found)


@require_safe
@org_page
def change(request: OrganizationRequest, organization: Organization, number: int) -> HttpResponse:
    entry = change_of(organization.pk, number, hidden_from(request))
    if entry is None:
        raise Http404("There is no such entry in the log.")
    return render(request, "home/change.html", {"entry": entry})


@require_safe
@org_page
def pulls(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """What was decided: owners see everybody's pulls, members their own."""
    form = PullFilterForm(request.GET)
    found: Found[PullLogEntry] = Found([], None)
    if form.is_valid():
        wanted = form.wanted()
        if not request.is_owner:
            wanted = replace(wanted, subject=request.user.username, subject_kind=USER)
        found = pulls_found(organization.pk, wanted, PAGE_SIZE)
    verified = [
        pull.repository for pull in found.entries if pull.category == Category.VERIFIED_PUBLISHER
    ]
    publishers = publishers_of(verified) if verified else {}
    return _render(request, "home/pulls.html", form, found, publishers=publishers)


@require_safe
@owners_only
def changes_file(
    request: OrganizationRequest, organization: Organization, kind: str
) -> HttpResponseBase:
    form = ChangeFilterForm(request.GET, ())
    if not form.is_valid():
        return _no_file(request, form)
    wanted = form.wanted()

    def look(before: int | None, most: int) -> Found[AuditEntry]:
        start = wanted.before if before is None else before
        return changes_of(organization.pk, replace(wanted, before=start), most)

    rows = (_change_row(entry) for entry in all_found(look, MOST_EXPORTED))
    return _file(f"{organization.name}-changes", kind, CHANGE_COLUMNS, rows)


@require_safe
@owners_only
def pulls_file(
    request: OrganizationRequest, organization: Organization, kind: str
) -> HttpResponseBase:
    form = PullFilterForm(request.GET)
    if not form.is_valid():
        return _no_file(request, form)
    wanted = form.wanted()

    def look(before: int | None, most: int) -> Found[PullLogEntry]:
        start = wanted.before if before is None else before
        return pulls_found(organization.pk, replace(wanted, before=start), most)

    rows = (_pull_row(entry) for entry in all_found(look, MOST_EXPORTED))
    return _file(f"{organization.name}-pulls", kind, PULL_COLUMNS, rows)


def _render(
    request: HttpRequest,
    template: str,
    form: ChangeFilterForm | PullFilterForm,
    found: Found[AuditEntry] | Found[PullLogEntry],
    **more: object,
) -> HttpResponse:
    context = {
        **more,
        "form": form,
        "found": found,
        "is_full": len(found.entries) == PAGE_SIZE,
        "most_exported": MOST_EXPORTED,
        # The page before has been left behind; only a filter counts as one.
        "is_filtered": any(value for field, value in request.GET.items() if field != "before"),
    }
    return render(request, template, context)


def _file(name: str, kind: str, columns: Sequence[str], rows: Iterable[Row]) -> HttpResponseBase:
    content_type, written = FILES[kind]
    file_name = f"{name}-{timezone.now():%Y-%m-%d}.{kind}"
    headers = {
        "Content-Disposition": f'attachment; filename="{file_name}"',
        "Cache-Control": "no-store",
    }
    return StreamingHttpResponse(written(columns, rows), content_type, headers=headers)


def _no_file(request: HttpRequest, form: ChangeFilterForm | PullFilterForm) -> HttpResponse:
    field, errors = next(iter(form.errors.items()))
    label = form.fields[field].label or field
    context = {"title": "There is no such file", "text": f"{label}: {errors[0]}", "status": 400}
    return render(request, "errors/error.html", context, status=400)


def _change_row(entry: AuditEntry) -> tuple[Any, ...]:
    return (
        entry.sequence,
        entry.at.isoformat(),
        entry.actor,
        entry.action,
        entry.target,
        entry.before,
        entry.after,
        entry.address,
    )


def _pull_row(entry: PullLogEntry) -> tuple[Any, ...]:
    return (
        entry.pk,
        entry.at.isoformat(),
        entry.subject_kind,
        entry.subject_id,
        entry.action,
        entry.image,
        entry.repository,
        entry.category,
        entry.allowed,
        entry.rule,
        entry.own_rule or None,
        entry.would_have,
        entry.policy_version,
        entry.protocol,
        entry.registry,
        entry.client,
        entry.address,
        entry.request_id,
    )
