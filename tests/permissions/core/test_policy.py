"""Token scopes, namespaces, rules: the small words."""

from dataclasses import is_dataclass
from enum import StrEnum
from types import ModuleType

import pytest
from hypothesis import given

from permissions.core import (
    catalog,
    decision,
    explain,
    facts,
    impact,
    login,
    own_rules,
    policy,
    questions,
    reference,
    rules,
    scope,
)
from permissions.core.catalog import CatalogKind
from permissions.core.facts import Registry, Standing
from permissions.core.own_rules import AudienceKind, Effect
from permissions.core.policy import (
    Category,
    Mode,
    Namespace,
    Plan,
    Policy,
    Rule,
    SubjectKind,
    TokenLimit,
    TokenScope,
    lies_in,
)
from permissions.core.reference import fold, parse, path_prefixes
from tests.permissions.core.strategies import references, steady

NAMESPACES = frozenset(
    {Namespace("docker.io", "acme"), Namespace("Depot.example:443", "team/app"), Namespace("b", "")}
)


@pytest.mark.parametrize(
    ("scope", "pulls_public", "pulls_own", "pushes", "deletes"),
    [
        (TokenScope.PUBLIC_READ, True, False, False, False),
        (TokenScope.READ, True, True, False, False),
        (TokenScope.WRITE, True, True, True, False),
        (TokenScope.ADMIN, True, True, True, True),
    ],
)
def test_what_a_scope_permits(
    scope: TokenScope, pulls_public: bool, pulls_own: bool, pushes: bool, deletes: bool
) -> None:
    own = Category.ORGANIZATION
    for category in {*Category, None} - {own}:
        assert scope.permits("pull", category) is pulls_public
    assert scope.permits("pull", own) is pulls_own
    assert scope.permits("push", own) is pushes
    assert scope.permits("delete", own) is deletes
    assert scope.permits("frobnicate", own) is deletes


def test_scopes_cover_the_ones_before_them() -> None:
    order = [TokenScope.PUBLIC_READ, TokenScope.READ, TokenScope.WRITE, TokenScope.ADMIN]
    for place, each in enumerate(order):
        assert [each.covers(other) for other in order] == [n <= place for n in range(4)]


@pytest.mark.parametrize(
    ("image", "inside"),
    [
        ("acme/app", True),
        ("acme/a/b", True),
        ("DOCKER.IO:443/acme/app", True),
        ("acmefoo/app", False),
        ("foo/acme/app", False),
        ("ghcr.io/acme/app", False),
        ("depot.example/team/app", True),
        ("depot.example/team/app/x", True),
        ("DEPOT.example/team/app", True),
        ("depot.example/team/app2", False),
        ("depot.example/team", False),
        ("depot.example:80/team/app", False),
        ("b:443/anything", False),
    ],
)
def test_namespaces_hold_whole_components(image: str, inside: bool) -> None:
    assert lies_in(fold(parse(image)), NAMESPACES) is inside


@steady
@given(references)
def test_looking_up_agrees_with_asking_each(image: str) -> None:
    repository = fold(parse(image))
    each = any(namespace.contains(repository) for namespace in NAMESPACES)
    assert lies_in(repository, NAMESPACES) is each


@pytest.mark.parametrize(
    ("repository", "inside"),
    [
        ("docker.io/acme/app", True),
        ("docker.io/acme/app/deep", True),
        ("docker.io/acme/app2", False),
        ("docker.io/acme/other", False),
        ("ghcr.io/acme/app", False),
    ],
)
def test_a_namespace_holds_the_repository_of_its_own_path(repository: str, inside: bool) -> None:
    assert Namespace("docker.io", "acme/app").contains(fold(parse(repository))) is inside
    limit = TokenLimit.read("docker.io/acme/app/*")
    assert limit.contains(fold(parse(repository))) is inside


def test_a_namespace_has_one_spelling() -> None:
    assert Namespace("Index.docker.io", "acme") == Namespace("docker.io:443", "acme")
    assert str(Namespace("DOCKER.io", "acme")) == "docker.io/acme"


def test_denials_are_the_rules_that_say_so() -> None:
    denials = {rule for rule in Rule if not rule.allows}
    assert denials == {
        Rule.INVALID_REFERENCE,
        Rule.UNKNOWN_SUBJECT,
        Rule.NOT_A_MEMBER,
        Rule.BLOCKED,
        Rule.OFFICIAL_RESTRICTED,
        Rule.VERIFIED_PUBLISHER_RESTRICTED,
        Rule.COMMUNITY_RESTRICTED,
        Rule.PUSH_DENIED,
        Rule.TOKEN_SCOPE,
        Rule.ANONYMOUS_DENIED,
    }


@pytest.mark.parametrize(
    "module",
    [
        catalog,
        decision,
        explain,
        facts,
        impact,
        login,
        own_rules,
        policy,
        questions,
        reference,
        rules,
        scope,
    ],
)
def test_nothing_can_be_changed_after_it_was_made(module: ModuleType) -> None:
    classes = [c for c in vars(module).values() if isinstance(c, type)]
    dataclasses = [c for c in classes if is_dataclass(c)]
    # What decisions make often is a tuple, which can't be changed either and is made faster.
    assert dataclasses or any(issubclass(c, tuple) for c in classes)
    for each in dataclasses:
        assert each.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert "__slots__" in vars(each)


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (Category, "organization official verified_publisher community"),
        (Plan, "free team business"),
        (Mode, "enforce monitor"),
        (TokenScope, "repo:public_read repo:read repo:write repo:admin"),
        (SubjectKind, "user token cluster anonymous"),
        (CatalogKind, "official verified_publisher"),
        (Effect, "block exception"),
        (AudienceKind, "everyone team user"),
    ],
)
def test_programs_may_rely_on_the_words(words: type[StrEnum], values: str) -> None:
    assert [str(word) for word in words] == values.split()


def test_what_is_off_unless_said() -> None:
    registry = Registry("hub", "hub.example", None, upstream_hub=True)
    assert not registry.requires_membership
    assert not registry.anonymous_pulls
    assert Policy(True, True, True).mode is Mode.ENFORCE
    assert Standing(False, False).teams == frozenset()


@pytest.mark.parametrize("text", ["docker.io/acme/*", "docker.io/acme/app", "own.example:5000/x/*"])
def test_a_limit_is_written_as_it_is_read(text: str) -> None:
    assert str(TokenLimit.read(text)) == text


@pytest.mark.parametrize(
    ("path", "prefixes"),
    [
        ("a", ["a"]),
        ("a/b", ["a", "a/b"]),
        ("a/b/c", ["a", "a/b", "a/b/c"]),
        ("/a//b", ["", "/a", "/a/", "/a//b"]),
    ],
)
def test_prefixes_are_whole_components(path: str, prefixes: list[str]) -> None:
    assert path_prefixes(path) == prefixes
