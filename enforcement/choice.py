"""Which organizations the artefacts are for: the page's own, then those that `?org=` adds."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.http import Http404

from orgs.guards import OrganizationRequest
from orgs.models import Organization
from orgs.queries import organizations_of


def chosen_organizations(
    request: OrganizationRequest, organization: Organization
) -> list[Organization]:
    """The organizations in the order chosen, none twice.

    Who may not see one of them is told that it doesn't exist (P1), and who is no owner of one
    that was added, that it takes an owner (S4).
    """
    mine = {one.name: one for one in organizations_of(request.user)}
    chosen = [organization]
    for name in _names(request):
        if name not in mine:
            raise Http404("No organization of this name that you are a member of.")
        if not mine[name].viewer_is_owner:
            raise PermissionDenied(
                f"Only owners of {name} can add it here. Ask one of them to do it for you."
            )
        chosen.append(mine[name])
    return chosen


def at_docker_hub(organizations: Sequence[Organization]) -> list[str]:
    """The names that every artefact writes (S1)."""
    return [organization.docker_organization for organization in organizations]


def _names(request: OrganizationRequest) -> list[str]:
    # The page's form sends an empty one for each choice that was left open.
    asked = dict.fromkeys(filter(None, request.GET.getlist("org")))
    asked.pop(request.organization.name, None)
    return list(asked)
