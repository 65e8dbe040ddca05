"""An organization's access tokens: what its machines pull and push with."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from orgs import queries, token_operations
from orgs.actor import Actor
from orgs.forms import OrganizationTokenForm
from orgs.guards import OrganizationRequest, owners_only
from orgs.models import Organization

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@owners_only
def organization_tokens(request: OrganizationRequest, organization: Organization) -> HttpResponse:
    form, secret = OrganizationTokenForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        _, secret = token_operations.create_organization_token(
            Actor.of_request(request), organization, **form.wished()
        )
        form = OrganizationTokenForm()
    tokens = queries.organization_tokens_of(organization)
    context = {
        "form": form,
        "new_secret": secret,
        "page": Paginator(tokens, PAGE_SIZE).get_page(request.GET.get("page")),
    }
    status = 400 if form.errors else 200
    response = render(request, "orgs/organization_tokens.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@owners_only
def revoke_organization_token(
    request: OrganizationRequest, organization: Organization, public_id: str
) -> HttpResponse:
    actor = Actor.of_request(request)
    if not token_operations.revoke_organization_token(actor, organization, public_id):
        raise Http404(f"{organization.name} has no such access token.")
    messages.success(request, "The access token is revoked.")
    return redirect("organization_tokens", organization.name)
