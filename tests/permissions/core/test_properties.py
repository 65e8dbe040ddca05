"""What holds for every decision, whoever asks for whatever."""

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import assume, given
from hypothesis import strategies as st

from permissions.core.decision import Request, decide, decide_actions
from permissions.core.facts import Facts, Subject
from permissions.core.policy import Rule, SubjectKind, TokenScope
from permissions.core.reference import ImageReference, InvalidReference, parse
from tests.permissions.core.cast import ORGANIZATIONS, REGISTRIES, SUBJECTS, facts
from tests.permissions.core.strategies import references, steady, texts

NOW = datetime(2026, 1, 1, tzinfo=UTC)

people = st.sampled_from(sorted(SUBJECTS))
scopes = st.sampled_from(["", *(f" {scope}" for scope in TokenScope)])
limits = st.sampled_from(
    ["", " only docker.io/acme docker.io/library/nginx", " only depot.example"]
)
asking = st.builds(lambda who, scope, limit: who + scope + limit, people, scopes, limits)
actions = st.one_of(st.sampled_from(["pull", "push", "delete"]), st.text(max_size=5))
registries = st.sampled_from(sorted(REGISTRIES))
site_wide = st.sampled_from(sorted(n for n, r in REGISTRIES.items() if r.organization is None))
naming = st.sampled_from(["-", *ORGANIZATIONS])


@steady
@given(asking, registries, naming, texts, actions)
def test_no_text_raises(who: str, at: str, named: str, image: str, action: str) -> None:
    decision = decide(facts(who, at, named, image, (action,)), Request(image, action), NOW)
    assert decision.allowed is decision.rule.allows
    assert decision.allowed is all(each.allowed for each in decision.organizations) or (
        not decision.organizations
    )
    assert decision.reason.isascii()
    assert decision.reason.isprintable()
    assert decision.image in {image[:256]} | _read(image)


def _read(image: str) -> set[str]:
    try:
        return {str(parse(image))}
    except InvalidReference:
        return set()


def _allowed(known: Facts, image: str) -> bool:
    return decide(known, Request(image), NOW).allowed


def _restricted(known: Facts, official: bool, publishers: bool) -> Facts:
    """The same facts with every organization restricting further, or not."""
    return replace(
        known,
        organizations={
            name: replace(
                organization,
                policy=replace(
                    organization.policy,
                    allow_official_images=organization.policy.allow_official_images and official,
                    allow_verified_publishers=(
                        organization.policy.allow_verified_publishers and publishers
                    ),
                ),
            )
            for name, organization in known.organizations.items()
        },
    )


@steady
@given(asking, registries, naming, references, st.booleans(), st.booleans())
def test_restricting_a_category_never_allows_more(
    who: str, at: str, named: str, image: str, official: bool, publishers: bool
) -> None:
    known = facts(who, at, named, image)
    assert _allowed(known, image) or not _allowed(_restricted(known, official, publishers), image)


def _joined(subject: Subject, other: Subject) -> Subject:
    return replace(subject, standings={**other.standings, **subject.standings})


@steady
@given(people, people, scopes, site_wide, references)
def test_joining_another_organization_never_allows_more(
    who: str, other: str, scope: str, at: str, image: str
) -> None:
    """Except at a registry for members only, where joining the first one is what lets people in."""
    known = facts(who + scope, at, "-", image)
    assert known.registry is not None
    assume(known.subject.standings or not known.registry.requires_membership)
    assume(known.subject.kind is SubjectKind.USER)
    joined = replace(
        known, subject=_joined(known.subject, SUBJECTS[other]), organizations=ORGANIZATIONS
    )
    assert _allowed(known, image) or not _allowed(joined, image)


@steady
@given(people, scopes, limits, registries, naming, references, actions)
def test_a_narrower_credential_never_allows_more(
    who: str, scope: str, limit: str, at: str, named: str, image: str, action: str
) -> None:
    assume(SUBJECTS[who].kind is SubjectKind.USER)  # a token's own scope is also its right to push
    request = Request(image, action)
    whole = decide(facts(who, at, named, image, (action,)), request, NOW)
    narrow = decide(facts(who + scope + limit, at, named, image, (action,)), request, NOW)
    assert whole.allowed or not narrow.allowed
    assert narrow.rule in {whole.rule, Rule.TOKEN_SCOPE} or not narrow.allowed


@steady
@given(asking, registries, naming, references)
def test_tag_and_digest_play_no_part(who: str, at: str, named: str, image: str) -> None:
    read = parse(image)
    known = facts(who, at, named, image)
    bare = decide(known, Request(str(ImageReference(read.host, read.path))), NOW)
    tagged = decide(known, Request(str(read._replace(tag="other", digest=None))), NOW)
    assert tagged._replace(image=bare.image) == bare
    assert decide(known, Request(image), NOW)._replace(image=bare.image) == bare


@steady
@given(asking, registries, naming, references, st.lists(actions, unique=True, max_size=4))
def test_actions_together_differ_from_one_by_one_only_by_the_pull_of_a_push(
    who: str, at: str, named: str, image: str, together: list[str]
) -> None:
    known = facts(who, at, named, image, tuple(together))
    decisions = decide_actions(known, image, together, NOW)
    assert list(decisions) == together
    for action, decision in decisions.items():
        if action == "pull" and "push" in decisions and decisions["push"].allowed:
            assert decision.rule is Rule.PUSH_ALLOWED
        else:
            assert decision == decide(known, Request(image, action), NOW)
