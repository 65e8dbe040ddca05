"""May somebody sign in on a machine? A list and facts in, an answer with its reasons out (S2, S3).

No I/O, as for decisions about images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from enforcement.allowed_orgs import AllowedOrgs, Code, Finding
from permissions.core.login import only_for_members
from permissions.core.policy import SubjectKind
from permissions.core.text import shown

MOST_FINDINGS = 20
MOST_NAMED = 5


class Rule(StrEnum):
    """Why an answer came out as it did: stable codes that programs may rely on."""

    SIGN_IN_ALLOWED = "sign_in_allowed"
    SIGN_IN_DENIED = "sign_in_denied"
    INVALID_ALLOWED_ORGS = "invalid_allowed_orgs"


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that an answer looks at.

    `known` has the organizations that whoever asks may know of, by their names at Docker Hub;
    `member_of` the names at Docker Hub of those that the user is an active member of;
    `suggested` those that somebody may have meant who wrote another.
    """

    kind: SubjectKind
    member_of: frozenset[str]
    known: Mapping[str, str]
    suggested: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer. `organization` is the first in the list that admits the user, if one does."""

    rule: Rule
    reason: str
    organization: str | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.rule is Rule.SIGN_IN_ALLOWED


def check(allowed_orgs: AllowedOrgs, facts: Facts) -> Outcome:
    """Answer whether somebody may sign in on a machine with this list."""
    spoilt_by = allowed_orgs.spoilt_by
    if spoilt_by is not None:
        return Outcome(
            Rule.INVALID_ALLOWED_ORGS,
            f"Nobody can sign in with this list of allowed organizations. {spoilt_by.message}",
            findings=_few(allowed_orgs.findings),
        )
    names = [name for name in allowed_orgs.names if name in facts.known]
    unknown = [name for name in allowed_orgs.names if name not in facts.known]
    # Looking for what somebody may have meant takes its time: only for as many as are listed.
    about = [_about_unknown(name, facts) for name in unknown[:MOST_FINDINGS]]
    findings = _few([*allowed_orgs.findings, *about], left_out=len(unknown) - len(about))
    admitting = next((name for name in names if name in facts.member_of), None)
    if facts.kind is SubjectKind.USER and admitting is not None:
        reason = f"Members of {admitting} may sign in."
        return Outcome(Rule.SIGN_IN_ALLOWED, reason, facts.known[admitting], findings)
    reason = _refusal(names or allowed_orgs.names, facts.kind)
    return Outcome(Rule.SIGN_IN_DENIED, reason, findings=findings)


def _refusal(names: Sequence[str], kind: SubjectKind) -> str:
    whose = _listed(names)
    if kind is SubjectKind.USER:
        return only_for_members(whose, of_several=len(names) > 1)
    if kind is SubjectKind.ANONYMOUS:
        return f"Nobody has signed in. Sign in with the account of a member of {whose}."
    return (
        "An organization's access token is nobody's account. "
        f"Sign in with the account of a member of {whose}."
    )


def _listed(names: Sequence[str]) -> str:
    named = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        named.append(f"{len(names) - MOST_NAMED} others")
    *all_but_last, last = named
    return f"{', '.join(all_but_last)} or {last}" if all_but_last else last


def _about_unknown(name: str, facts: Facts) -> Finding:
    close = get_close_matches(name, facts.suggested, n=1)
    hint = f" Did you mean {shown(close[0])}?" if close else ""
    return Finding(
        Code.UNKNOWN_ORGANIZATION,
        f"No organization that is known here is called {shown(name)} at Docker Hub; it is "
        f"ignored.{hint}",
    )


def _few(findings: Sequence[Finding], left_out: int = 0) -> tuple[Finding, ...]:
    """What spoils the list first, and no more than somebody would read."""
    ordered = sorted(findings, key=lambda finding: not finding.code.spoils)
    listed = ordered[:MOST_FINDINGS]
    more = len(ordered) - len(listed) + left_out
    return (*listed, Finding(Code.MORE, f"And {more} more.")) if more else tuple(listed)
