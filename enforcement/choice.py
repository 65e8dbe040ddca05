"""Which organizations the artefacts are for: the page's own, then those that `?org=` adds."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404

from orgs.guards import OrganizationRequest
from orgs.models import Organization
from orgs.queries import organizations_of


@dataclass(frozen=True, slots=True)
class Choice:
    """The organizations in the order chosen, none twice; and what else could be added."""

    organizations: list[Organization]
    addable: list[Organization]

    @property
    def names(self) -> list[str]:
        """The names at Docker Hub, which every artefact writes (S1)."""
        return [organization.docker_organization for organization in self.organizations]

    @property
    def added(self) -> list[Organization]:
        return self.organizations[1:]

    @property
    def query(self) -> str:
        """What makes this choice again, after an address."""
        return query_for(self.added)

    @property
    def without_plan(self) -> Organization | None:
        """The first whose plan does not include Enforce Sign-in."""
        return next((one for one in self.organizations if not one.has_business_plan), None)

    @property
    def may_grow(self) -> bool:
        return len(self.addable) > len(self.added)

    @property
    def with_others_first(self) -> list[tuple[Organization, str]]:
        """Each that was added, and the query that puts it first on its own page."""
        return [
            (first, query_for([one for one in self.organizations if one != first]))
            for first in self.added
        ]


def choice_of(request: OrganizationRequest, organization: Organization) -> Choice:
    """What the request chooses.

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
    addable = [
        one
        for one in mine.values()
        if one.viewer_is_owner and one != organization and (one.has_business_plan or one in chosen)
    ]
    return Choice(chosen, addable)


def query_for(added: Sequence[Organization]) -> str:
    return f"?{urlencode([('org', one.name) for one in added])}" if added else ""


def _names(request: OrganizationRequest) -> list[str]:
    # The page's form sends an empty one for each choice that was left open.
    asked = dict.fromkeys(filter(None, request.GET.getlist("org")))
    asked.pop(request.organization.name, None)
    return list(asked)
