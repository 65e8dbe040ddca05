"""By which invitation somebody came to this site, and whether they may make an account."""

from django.conf import settings
from django.http import HttpRequest

from orgs.invitation_models import Invitation
from orgs.invitation_queries import invitation_with_digest

SESSION_KEY = "invitation"


def come_by(request: HttpRequest, invitation: Invitation) -> None:
    """Note in the session by which invitation somebody came."""
    request.session[SESSION_KEY] = invitation.digest


def forget_invitation(request: HttpRequest) -> None:
    """Note that somebody has made what they could of their invitation."""
    request.session.pop(SESSION_KEY, None)


def invitation_of_visit(request: HttpRequest) -> Invitation | None:
    """The invitation by which somebody came, while it can be accepted by signing up."""
    digest = request.session.get(SESSION_KEY, "")
    invitation = invitation_with_digest(digest) if digest else None
    if invitation is None or not invitation.email or not invitation.is_waiting:
        return None
    return invitation


def may_sign_up(request: HttpRequest) -> bool:
    """Whether whoever visits may make an account."""
    return settings.SIGN_UP == "open" or invitation_of_visit(request) is not None
