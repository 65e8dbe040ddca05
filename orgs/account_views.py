"""What people read and change about their own account; django-allauth has the rest of it."""

from django.contrib import messages
from django.contrib.auth import HASH_SESSION_KEY
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from audit.found import Found
from audit.models import AuditEntry
from orgs import account_operations
from orgs.account_forms import LogPageForm, ProfileForm
from orgs.account_queries import security_log_of, sessions_of
from orgs.actor import Actor
from orgs.guards import SignedInRequest, personal_page

LOG_PAGE = 40


@require_http_methods(["GET", "HEAD", "POST"])
@personal_page
def profile(request: SignedInRequest) -> HttpResponse:
    posted = request.method == "POST"
    form = ProfileForm(request.POST) if posted else ProfileForm.showing(request.user)
    if posted and form.is_valid():
        account_operations.change_full_name(
            Actor.of_request(request), request.user, form.cleaned_data["full_name"]
        )
        messages.success(request, "Your profile is saved.")
        return redirect("profile")
    return render(request, "orgs/profile.html", {"form": form}, status=400 if form.errors else 200)


@require_safe
@personal_page
def sessions(request: SignedInRequest) -> HttpResponse:
    found = sessions_of(request.user, timezone.now())
    current = request.session.session_key
    return render(request, "orgs/sessions.html", {"sessions": found, "current": current})


@require_safe
@personal_page
def security_log(request: SignedInRequest) -> HttpResponse:
    form = LogPageForm(request.GET)
    found: Found[AuditEntry] = Found([], None)
    if form.is_valid():
        found = security_log_of(request.user, form.cleaned_data["before"], LOG_PAGE)
    context = {"form": form, "found": found, "is_full": len(found.entries) == LOG_PAGE}
    return render(request, "orgs/security_log.html", context)


@require_POST
@personal_page
def end_session(request: SignedInRequest, number: int) -> HttpResponse:
    if not account_operations.end_session(Actor.of_request(request), request.user, number):
        raise Http404("You have no such session.")
    messages.success(request, "The session has ended.")
    return redirect("sessions")


@require_POST
@personal_page
def end_other_sessions(request: SignedInRequest) -> HttpResponse:
    user, current = request.user, request.session.session_key
    account_operations.end_other_sessions(Actor.of_request(request), user, current or "")
    # Ended are all of the generation that was; this one goes over to the next.
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    messages.success(request, "All other sessions have ended.")
    return redirect("sessions")
