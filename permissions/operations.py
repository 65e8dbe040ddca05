"""Every change to an organization's Image Access Management, the actor first."""

from dataclasses import asdict, dataclass, replace

from django.db.models import F

from audit.queries import last_actor
from orgs.actor import Actor, Invalid
from orgs.events import announce
from orgs.models import Organization
from orgs.transactions import operation, record_change, require_owner
from permissions.core.policy import Mode, Policy
from permissions.models import ImageAccessPolicy
from permissions.plan import require_plan

CHANGED = "image_access.changed"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an owner wishes for. Without a mode, the mode is left alone."""

    enabled: bool
    allow_official_images: bool
    allow_verified_publishers: bool
    mode: str | None = None

    @classmethod
    def of(cls, policy: ImageAccessPolicy) -> "Settings":
        """The settings that a policy has."""
        return cls(
            enabled=policy.enabled,
            allow_official_images=policy.allow_official_images,
            allow_verified_publishers=policy.allow_verified_publishers,
            mode=policy.mode,
        )

    def over(self, policy: ImageAccessPolicy) -> Policy:
        """What the core decides from, once these settings are saved over a policy's."""
        return Policy(
            enabled=self.enabled,
            allow_official_images=self.allow_official_images,
            allow_verified_publishers=self.allow_verified_publishers,
            mode=Mode(self.mode or policy.mode),
        )


class SettingsChanged(Invalid):
    """The settings were changed after this actor saw them (P5): by `changed_by`, who may be the
    same person in another window."""

    def __init__(self, current: ImageAccessPolicy, changed_by: str) -> None:
        super().__init__(f"{changed_by} changed these settings after you read them.")
        self.current = current
        self.changed_by = changed_by


@operation
def change_policy(
    actor: Actor, organization: Organization, wished: Settings, seen_version: int | None
) -> ImageAccessPolicy:
    """Make the settings what the actor wishes; returns the policy as it is then.

    `seen_version` is the `settings_version` the actor decided from, None if they saw none.
    An unchanged wish changes nothing (P3). Raises `NotAllowed`, `PlanRequired`, or
    `SettingsChanged`.
    """
    require_owner(actor, organization, "change Image Access Management")
    require_plan(organization)
    policy = ImageAccessPolicy.objects.select_for_update().get()
    before = Settings.of(policy)
    wished = replace(wished, mode=wished.mode or before.mode)
    if wished == before:
        return policy
    if seen_version is not None and seen_version != policy.settings_version:
        raise SettingsChanged(policy, last_actor(organization.pk, CHANGED))
    changed = {field for field, value in asdict(wished).items() if asdict(before)[field] != value}
    for field in changed:
        setattr(policy, field, asdict(wished)[field])
    policy.settings_version = F("settings_version") + 1
    policy.save(update_fields=[*sorted(changed), "settings_version"])
    record_change(
        actor,
        organization,
        CHANGED,
        before={field: asdict(before)[field] for field in sorted(changed)},
        after={field: asdict(wished)[field] for field in sorted(changed)},
    )
    announce([organization])
    policy.refresh_from_db()
    return policy
