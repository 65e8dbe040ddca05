"""Why a pull was refused, or would be: one decision explained."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from audit.models import PullLogEntry
from audit.pull_queries import pull_of
from orgs.actor import Actor, Invalid
from orgs.guards import OrganizationRequest, members_themselves, org_page, owners_only
from orgs.models import Organization
from orgs.queries import member_names_like
from permissions.authorize import explain
from permissions.core.explain import Explanation
from permissions.core.impact import reference, refusing_rule
from permissions.core.policy import SubjectKind
from permissions.exception_forms import AskForm
from permissions.exception_operations import ask_for_exception
from permissions.exception_queries import last_exception_asked
from permissions.facts import Asker, Claim
from permissions.forms import CanPullForm
from permissions.queries import registry_that_asked
from permissions.snapshots.memory import NotYetKnown

NAMES_OFFERED = 10


@require_http_methods(["GET", "HEAD", "POST"])
@members_themselves
def pull(request: OrganizationRequest, organization: Organization, number: int) -> HttpResponse:
    """One pull of the log: owners see any of the organization's, members their own."""
    entry = _found(request, organization, number)
    if request.method == "POST":
        return _ask(request, organization, entry)
    return _page(request, organization, entry, AskForm())


@require_safe
@org_page
def can_pull(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """Whether somebody may pull an image: owners ask about anybody, members about themselves."""
    form = CanPullForm(request.GET or None, about_anybody=request.is_owner)
    context: dict[str, Any] = {"can_pull": form}
    if form.is_valid():
        context["who"] = form.cleaned_data.get("who", request.user.username)
        claim = Claim(SubjectKind.USER, context["who"])
        asker = Asker(organization=organization.name, may_tell_unknown=False)
        try:
            context["explanation"] = explain(claim, asker, form.cleaned_data["image"])
        except NotYetKnown:
            context["unknown"] = True
    status = 400 if form.errors else 200
    return render(request, "permissions/can_pull.html", context, status=status)


@require_safe
@owners_only
def member_names(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    """A few members whose user name begins as what is typed, to choose from while typing."""
    typed = request.GET.get("who") or request.GET.get("name") or ""
    # What no name begins with needs no look, and some of it no database takes.
    names = member_names_like(organization, typed, NAMES_OFFERED) if typed.isprintable() else []
    return render(request, "permissions/_names.html", {"names": names})


def _ask(
    request: OrganizationRequest, organization: Organization, entry: PullLogEntry
) -> HttpResponse:
    if not _is_mine(request, entry) or entry.action != "pull":
        raise Http404("Only whoever pulled asks for an exception, and only for a pull.")
    form = AskForm(request.POST)
    if form.is_valid():
        try:
            ask_for_exception(
                Actor.of_request(request), organization, entry.repository, form.cleaned_data["word"]
            )
        except Invalid as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request,
                f"The owners of {organization.name} are told. You get an e-mail when one answers.",
            )
            return redirect("pull_explained", organization.name, entry.pk)
    return _page(request, organization, entry, form, status=400)


def _page(
    request: OrganizationRequest,
    organization: Organization,
    entry: PullLogEntry,
    form: AskForm,
    *,
    status: int = 200,
) -> HttpResponse:
    mine = _is_mine(request, entry)
    context: dict[str, Any] = {"pull": entry, "mine": mine, "form": form}
    explanation = _explanation(organization, entry)
    context["explanation"] = explanation
    if mine and entry.repository:
        target = reference(entry.repository)
        context["asked"] = last_exception_asked(organization, request.user, target)
        refused = explanation and refusing_rule(explanation.decision)
        context["may_ask"] = bool(refused)
    return render(request, "permissions/pull.html", context, status=status)


def _explanation(organization: Organization, entry: PullLogEntry) -> Explanation | None:
    """How this organization, and no other, would decide the same question now; None if that
    can't be known, or was no pull of a person or a machine that can be asked about again."""
    if entry.action != "pull" or entry.subject_kind not in frozenset(SubjectKind):
        return None
    claim = Claim(SubjectKind(entry.subject_kind), entry.subject_id)
    asker = Asker(
        registry_that_asked(organization, entry.registry),
        organization=organization.name,
        may_tell_unknown=False,
    )
    try:
        return explain(claim, asker, entry.image)
    except NotYetKnown:
        return None


def _found(request: OrganizationRequest, organization: Organization, number: int) -> PullLogEntry:
    entry = pull_of(organization.pk, number)
    if entry is None or not (request.is_owner or _is_mine(request, entry)):
        raise Http404("No such pull of yours.")
    return entry


def _is_mine(request: OrganizationRequest, entry: PullLogEntry) -> bool:
    user = (SubjectKind.USER, request.user.username)
    return (entry.subject_kind, entry.subject_id) == user
