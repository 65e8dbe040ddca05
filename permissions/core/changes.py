"""What other settings would mean to members, in words, before anybody saves them."""

from collections.abc import Iterable, Sequence

from permissions.core.looked_at import KIND
from permissions.core.policy import Category, Mode, Policy


def restricted(policy: Policy) -> tuple[Category, ...]:
    """The categories that a policy restricts while it is enabled, in the law's order."""
    open_ = {
        Category.ORGANIZATION: True,
        Category.OFFICIAL: policy.allow_official_images,
        Category.VERIFIED_PUBLISHER: policy.allow_verified_publishers,
        Category.COMMUNITY: False,
    }
    return tuple(category for category in Category if not open_[category])


def changes(organization: str, before: Policy, wished: Policy, own_rules: int) -> tuple[str, ...]:
    """Say what would change for members if the wish were saved; empty if it changes no setting.

    `own_rules` is how many blocks and exceptions are in force.
    """
    if wished == before:
        return ()
    if not wished.enabled and not before.enabled:
        return (_prepared(wished),)
    said = [
        _refused(organization, before, wished),
        _released(organization, before, wished),
        _recorded(before, wished),
        _counted(before, wished, own_rules),
    ]
    if refusing(wished):
        said.append(f"Owners of {organization} stay exempt.")
    return tuple(filter(None, said))


def refusing(policy: Policy) -> bool:
    """Whether pulls really fail under a policy."""
    return policy.enabled and policy.mode is Mode.ENFORCE


def _refused(organization: str, before: Policy, wished: Policy) -> str:
    now, then = _in_force(before, Mode.ENFORCE), _in_force(wished, Mode.ENFORCE)
    fresh = [category for category in then if category not in now]
    return f"Pulls of {_images(fresh)} by members of {organization} will fail." if fresh else ""


def _released(organization: str, before: Policy, wished: Policy) -> str:
    now, then = _in_force(before, Mode.ENFORCE), _in_force(wished, Mode.ENFORCE)
    gone = [category for category in now if category not in then]
    return f"Members of {organization} will be able to pull {_images(gone)} again." if gone else ""


def _recorded(before: Policy, wished: Policy) -> str:
    now, then = _in_force(before, Mode.MONITOR), _in_force(wished, Mode.MONITOR)
    if then:
        return (
            f"Nothing will be refused. Pulls of {_images(then)} will go on, "
            "and be recorded as pulls that would have been refused."
        )
    if now and not wished.enabled:
        return "Pulls that would have been refused will no longer be recorded."
    return ""


def _counted(before: Policy, wished: Policy, own_rules: int) -> str:
    """Blocks and exceptions count with the switch, and refuse only while it enforces."""
    if not own_rules or refusing(before) == refusing(wished):
        return ""
    rules = "The block or exception" if own_rules == 1 else f"The {own_rules} blocks and exceptions"
    return f"{rules} in force will {'count too' if refusing(wished) else 'refuse nothing'}."


def _prepared(wished: Policy) -> str:
    return (
        "Nothing changes for members while Image Access Management is disabled. "
        f"Once it is enabled, it will restrict {_images(restricted(wished))}."
    )


def _in_force(policy: Policy, mode: Mode) -> Sequence[Category]:
    return restricted(policy) if policy.enabled and policy.mode is mode else ()


def _images(categories: Iterable[Category]) -> str:
    *others, last = [KIND[category] for category in categories]
    return f"{', '.join(others)} and {last} images" if others else f"{last} images"
