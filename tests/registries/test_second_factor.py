"""A user with a second factor signs in to registries with an access token only (P9)."""

from collections.abc import Callable

import httpx
import pytest
from allauth.mfa.models import Authenticator

from orgs.models import RefreshToken
from registries.credentials import DO_NOT_GO_TOGETHER
from tests.conftest import NewVisitor, named_user
from tests.registries.conftest import Refresh, SignIn
from tests.registries.test_token import error, granted
from tests.second_factors import remove_app, set_up_app

OWN = {"service": "acme", "scope": "repository:acme/app:pull"}
REFUSED = (401, "UNAUTHORIZED", DO_NOT_GO_TOGETHER)


@pytest.fixture
def mel(signed_in: Callable[[str], httpx.Client]) -> httpx.Client:
    return signed_in("mel")


def ask(visitor: NewVisitor, name: str, secret: str) -> httpx.Response:
    return visitor().get("/auth/token", params=OWN, auth=(name, secret))


def test_the_password_no_longer_counts_and_an_access_token_does(
    visitor: NewVisitor, mel: httpx.Client, demo: dict[str, str]
) -> None:
    password = demo["DEMO_PASSWORD"]
    # Remembered from now on, which must be no way around.
    assert granted(ask(visitor, "mel", password)) == {"acme/app": ["pull"]}
    set_up_app(mel, password)
    assert error(ask(visitor, "mel", password)) == REFUSED
    assert granted(ask(visitor, "mel", demo["MEL_TOKEN"])) == {"acme/app": ["pull"]}

    remove_app(mel)
    assert granted(ask(visitor, "mel", password)) == {"acme/app": ["pull"]}


@pytest.mark.parametrize("kind", [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])
def test_any_second_factor_counts_from_the_next_request_on(
    visitor: NewVisitor, demo: dict[str, str], kind: str
) -> None:
    Authenticator.objects.create(user=named_user("mel"), type=kind, data={})
    assert error(ask(visitor, "mel", demo["DEMO_PASSWORD"])) == REFUSED


def test_recovery_codes_alone_are_no_second_factor(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    codes = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.create(user=named_user("mel"), type=codes, data={})
    assert ask(visitor, "mel", demo["DEMO_PASSWORD"]).status_code == 200


def test_o0_nobody_learns_whether_the_password_was_right(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    Authenticator.objects.create(
        user=named_user("mel"), type=Authenticator.Type.TOTP, data={"secret": ""}
    )
    answers = [
        ask(visitor, name, secret)
        for name, secret in (
            ("mel", demo["DEMO_PASSWORD"]),  # right, but not enough
            ("mel", "wrong"),
            ("gus", "wrong"),
            ("nobody-at-all", "wrong"),
        )
    ]
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    headers = [{**answer.headers, "x-request-id": ""} for answer in answers]
    assert all(each == headers[0] for each in headers)


def test_right_passwords_that_are_not_enough_are_counted_as_wrong_ones(
    visitor: NewVisitor, demo: dict[str, str]
) -> None:
    Authenticator.objects.create(
        user=named_user("mel"), type=Authenticator.Type.TOTP, data={"secret": ""}
    )
    statuses = [ask(visitor, "mel", demo["DEMO_PASSWORD"]).status_code for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2


def test_sign_ins_made_with_the_password_end_for_good(
    sign_in: SignIn, refresh: Refresh, mel: httpx.Client, demo: dict[str, str]
) -> None:
    on_password, on_token = sign_in(), sign_in(secret=demo["MEL_TOKEN"])
    other = sign_in("gus")
    set_up_app(mel, demo["DEMO_PASSWORD"])
    assert refresh(on_password).status_code == 401
    assert refresh(on_token).status_code == 200
    assert refresh(other).status_code == 200
    remove_app(mel)
    assert refresh(on_password).status_code == 401


def test_a_sign_in_that_slipped_through_is_dead_and_stays_so(
    sign_in: SignIn, refresh: Refresh, mel: httpx.Client, demo: dict[str, str]
) -> None:
    """One that was given out while the second factor was being switched on."""
    token = sign_in()
    (row,) = RefreshToken.objects.all()
    set_up_app(mel, demo["DEMO_PASSWORD"])
    row.save(force_insert=True)
    assert refresh(token).status_code == 401
    remove_app(mel)
    assert refresh(token).status_code == 401
