"""Checking a machine's file: what would happen there, and what is wrong with it."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from enforcement.allowed_orgs import read_file
from enforcement.authorize import SignIn, authorize_sign_in
from enforcement.forms import CheckForm
from orgs.guards import OrganizationRequest, org_question
from orgs.models import Organization
from orgs.queries import organizations_of
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim


@require_http_methods(["GET", "HEAD", "POST"])
@org_question
def check_file(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    if request.method == "POST":
        form = CheckForm(request.POST, request.FILES, is_owner=request.is_owner)
    else:
        form = CheckForm(is_owner=request.is_owner)
    context = {
        "check_form": form,
        "answer": _answer(request, organization, form) if form.is_valid() else None,
    }
    status = 400 if form.errors else 200
    return render(request, "enforcement/check.html", context, status=status)


def _answer(request: OrganizationRequest, organization: Organization, form: CheckForm) -> SignIn:
    """What would happen, to owners of any member and to members of themselves.

    Somebody of several organizations knows all of these, as a file for several names them.
    """
    member = form.cleaned_data.get("member", request.user.username)
    return authorize_sign_in(
        Claim(SubjectKind.USER, member),
        Asker(organization=organization.name, may_tell_unknown=False),
        read_file(form.content()),
        known=frozenset(one.name for one in organizations_of(request.user)),
    )
