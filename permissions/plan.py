"""What Image Access Management costs (P8)."""

from orgs.actor import Invalid
from orgs.models import Organization


class PlanRequired(Invalid):
    """The organization's plan doesn't have Image Access Management."""


def require_plan(organization: Organization) -> None:
    """Raise `PlanRequired` unless the organization's plan has Image Access Management."""
    if not organization.has_business_plan:
        raise PlanRequired(
            f"Image Access Management needs the Business plan; {organization.name} has the "
            f"{organization.get_plan_display()} plan. Ask site staff to change the plan."
        )
