"""The core and the law read a second time say the same, on cases that reach every rule."""

from permissions.core.policy import Rule
from tests.permissions.core.agreement import EVERY_PLACE, compare
from tests.permissions.core.random_cases import random_cases

SEED = 2026
CASES = 5_000


def test_the_core_agrees_with_the_reference_model() -> None:
    rules, places = compare(random_cases(SEED, CASES))
    assert set(rules) == set(Rule)
    assert set(places) == EVERY_PLACE
    assert min(rules.values()) >= 10
    assert min(places.values()) >= 5


def test_the_same_seed_gives_the_same_cases() -> None:
    assert list(random_cases(SEED, 20)) == list(random_cases(SEED, 20))
    assert list(random_cases(SEED, 20)) != list(random_cases(SEED + 1, 20))
