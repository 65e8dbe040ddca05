"""People: an organization's members and teams; a person's access tokens."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from orgs import queries, refresh_operations, token_operations
from orgs.actor import Actor
from orgs.forms import AccessTokenForm
from orgs.guards import SignedInRequest, personal_page

PAGE_SIZE = 50


@require_http_methods(["GET", "HEAD", "POST"])
@personal_page
def access_tokens(request: SignedInRequest) -> HttpResponse:
    form, secret = AccessTokenForm(request.POST if request.method == "POST" else None), None
    if form.is_valid():
        _, secret = token_operations.create_personal_token(
            Actor.of_request(request), request.user, **form.wished()
        )
        form = AccessTokenForm()
    context = {
        "form": form,
        "new_secret": secret,
        "tokens": queries.personal_tokens_of(request.user),
        "sign_ins": queries.registry_sign_ins_of(request.user, timezone.now()),
    }
    status = 400 if form.errors else 200
    response = render(request, "orgs/access_tokens.html", context, status=status)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@personal_page
def revoke_access_token(request: SignedInRequest, public_id: str) -> HttpResponse:
    actor = Actor.of_request(request)
    if not token_operations.revoke_personal_token(actor, request.user, public_id):
        raise Http404("You have no such access token.")
    messages.success(request, "The access token is revoked.")
    return redirect("access_tokens")


@require_POST
@personal_page
def end_registry_sign_in(request: SignedInRequest, public_id: str) -> HttpResponse:
    actor = Actor.of_request(request)
    if not refresh_operations.revoke_refresh_token(actor, request.user, public_id):
        raise Http404("You have no such registry sign-in.")
    messages.success(request, "The registry sign-in has ended.")
    return redirect("access_tokens")
