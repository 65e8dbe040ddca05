"""What owners of a new organization do first."""

from dataclasses import dataclass

from orgs.models import Organization


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do: what, why, where, and whether it is done."""

    name: str
    why: str
    page: str
    done: bool


def checklist(
    organization: Organization,
    *,
    has_registry: bool,
    has_namespace: bool,
    member_count: int,
    is_enabled: bool,
) -> list[Step]:
    """The steps, in the order in which they are best done; none where it was put away."""
    if organization.is_set_up:
        return []
    rules = "Only monitor first: nothing is refused, and you see what would be."
    if not organization.has_business_plan:
        rules += " This needs the Business plan, which site staff set."
    return [
        Step(
            "Connect a registry",
            "It asks Hubadmin about every pull from then on.",
            "registries",
            has_registry,
        ),
        Step(
            "Take a namespace",
            "Everything below it is an image of your own, which members may always pull.",
            "namespaces",
            has_namespace,
        ),
        Step("Invite people", "The rules are for members.", "members", member_count > 1),
        Step("Try the rules", rules, "org_permissions", is_enabled),
        Step(
            "Enforce sign-in",
            "Somebody who is not signed in looks like any stranger. Put the list away when "
            "your machines have the file; nothing here can see that.",
            "enforce_sign_in",
            False,
        ),
    ]
