"""Who may open a page. A view without one of these guards is not served.

`ExplicitGuardMiddleware` refuses a view that has no `guard`, and the suite walks every URL.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django_scopes import scope

from orgs.member_queries import note_seen
from orgs.models import Organization, User
from orgs.queries import has_second_factor, is_site_staff, organization_seen_by

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., HttpResponseBase])
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard(StrEnum):
    PUBLIC = "public"  # anybody
    PERSON = "person"  # any signed-in person, about themselves
    MEMBER = "member"  # members of the organization in the path, owners to write; others get 404
    ONESELF = "oneself"  # members of it, about themselves
    OWNER = "owner"  # owners of it; members get 403
    STAFF = "staff"  # site staff, about what all organizations share; everybody else gets 404
    PACKAGE = "package"  # the package that brings the view checks by itself
    TOKEN = "token"  # its own credential check, in REST framework or a protocol module


class SignedInRequest(HttpRequest):
    """A request that a guard has let in."""

    user: User


class OrganizationRequest(SignedInRequest):
    """A request of a member about their organization."""

    organization: Organization
    is_owner: bool


OrganizationView = Callable[Concatenate[OrganizationRequest, Organization, ...], HttpResponseBase]


def public_page(view: V) -> V:
    """Let anybody in."""
    return declare(Guard.PUBLIC, login_not_required(view))


def personal_page(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let signed-in people in, each to their own things."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(_signed_in(request), *args, **kwargs)

    return declare(Guard.PERSON, guarded)


def staff_page(
    view: Callable[Concatenate[SignedInRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Let site staff in, for what is the whole site's; no tenant's page ever has this guard (P10).

    To everybody else there is no such page.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not is_site_staff(_signed_in(request).user):
            raise Http404("This page is for site staff.")
        return view(_signed_in(request), *args, **kwargs)

    return declare(Guard.STAFF, guarded)


def org_page(view: OrganizationView) -> Callable[..., HttpResponseBase]:
    """Let members of the organization read, and its owners write; everybody else gets 404.

    `org`, its name in the path, arrives as the organization itself.
    """

    @wraps(view)
    def for_members(
        request: OrganizationRequest, organization: Organization, /, **kwargs: Any
    ) -> HttpResponseBase:
        if request.method not in SAFE_METHODS:
            _require_owner(request)
        return view(request, organization, **kwargs)

    return declare(Guard.MEMBER, _for_members(for_members))


def org_question(view: OrganizationView) -> Callable[..., HttpResponseBase]:
    """Let members of the organization read, and ask by POST; everybody else gets 404.

    For a question that doesn't fit into an address, such as a file. It must change nothing.
    """
    return declare(Guard.MEMBER, _for_members(view))


def owners_only(view: OrganizationView) -> Callable[..., HttpResponseBase]:
    """Let owners of the organization in; its members get 403, everybody else 404."""

    @wraps(view)
    def for_owners(
        request: OrganizationRequest, organization: Organization, /, **kwargs: Any
    ) -> HttpResponseBase:
        _require_owner(request)
        return view(request, organization, **kwargs)

    return declare(Guard.OWNER, _for_members(for_owners))


def members_themselves(view: OrganizationView) -> Callable[..., HttpResponseBase]:
    """Let members of the organization read and write; others get 404.

    For what they do about themselves (ADR 0017): the view and its operation look up what is the
    visitor's own, and change nothing else.
    """
    return declare(Guard.ONESELF, _for_members(view))


def members_leaving(view: OrganizationView) -> Callable[..., HttpResponseBase]:
    """As `members_themselves`, and without the second factor that the organization may require.

    Nobody has to set one up to be rid of an organization that asks for it.
    """
    return declare(Guard.ONESELF, _for_members(view, asks_for_second_factor=False))


def declare(guard: Guard, view: V) -> V:
    """State the guard of a view that checks by itself."""
    view.guard = guard  # type: ignore[attr-defined]  # functions take attributes
    return view


def guard_of(view: Any) -> Guard | None:
    """The guard that a view states, or None."""
    return getattr(view, "guard", None)


def _for_members(
    view: OrganizationView, *, asks_for_second_factor: bool = True
) -> Callable[..., HttpResponseBase]:
    @wraps(view)
    def guarded(request: OrganizationRequest, /, org: str, **kwargs: Any) -> HttpResponseBase:
        organization = organization_seen_by(_signed_in(request).user, org)
        if organization is None:
            raise Http404("No organization of this name that you are a member of.")
        # Only now: to outsiders there is no organization, whatever it requires.
        if asks_for_second_factor and _lacks_second_factor(request.user, organization):
            return _to_second_factors(request, organization)
        request.organization = organization
        request.is_owner = organization.viewer_is_owner
        with scope(organization=organization):
            return view(request, organization, **kwargs)

    return guarded


def _lacks_second_factor(user: User, organization: Organization) -> bool:
    return organization.requires_second_factor and not has_second_factor(user)


def _to_second_factors(request: HttpRequest, organization: Organization) -> HttpResponseBase:
    """Send a member to where they set one up; that page also leads back, or out."""
    messages.warning(
        request,
        f"{organization.name} requires two-factor authentication, which you have not set up yet. "
        "Its pages open as soon as you have.",
    )
    return redirect("mfa_index")


def _require_owner(request: OrganizationRequest) -> None:
    if not request.is_owner:
        raise PermissionDenied(
            f"Only owners of {request.organization.name} can do this. "
            "Ask one of them to do it for you."
        )


def _signed_in(request: Any) -> SignedInRequest:
    # LoginRequiredMiddleware has sent everybody else away; this is the second lock.
    if not request.user.is_authenticated:
        raise PermissionDenied("Sign in first.")
    note_seen(request.user, timezone.now())
    return cast(SignedInRequest, request)
