"""Which organizations decide (semantics, section 3): asked by who gathers facts and by `decide`."""

from permissions.core.facts import Registry, Subject
from permissions.core.policy import SubjectKind

_ANONYMOUS = SubjectKind.ANONYMOUS


def deciders(
    *,
    subject: Subject,
    registry: Registry | None,
    named: str | None,
    action: str,
    namespace_owner: str | None,
) -> tuple[str, ...]:
    """Return the names of the organizations that decide, sorted; each of them must allow.

    Empty where none does: then O5 speaks, or D13. Raises `ValueError` when neither a registry
    nor an organization says where the question comes from, which no caller may do.
    """
    if registry is None and named is None:
        raise ValueError("Without a registry the organization must be named.")
    if subject.kind is _ANONYMOUS or not subject.live:
        return ()  # O0: they never get as far as an organization
    if registry is not None and registry.organization is not None:
        return (registry.organization,)  # O1
    if named is not None:
        return (named,)  # O2
    if action != "pull":
        return () if namespace_owner is None else (namespace_owner,)  # D13
    return tuple(sorted(subject.standings))  # O3
