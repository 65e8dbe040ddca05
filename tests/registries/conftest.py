"""Signing in to stay, as `docker login` does, and pulling later."""

from collections.abc import Callable

import httpx
import pytest

from tests.conftest import NewVisitor

SignIn = Callable[..., str]
Refresh = Callable[..., httpx.Response]


@pytest.fixture
def sign_in(visitor: NewVisitor, demo: dict[str, str]) -> SignIn:
    """Signs in as `docker login` does; the refresh token it would keep."""

    def get(who: str = "mel", secret: str = "", service: str = "acme") -> str:
        params = {"service": service, "offline_token": "true", "client_id": "docker"}
        auth = (who, secret or demo["DEMO_PASSWORD"])
        answer = visitor().get("/auth/token", params=params, auth=auth)
        assert answer.status_code == 200, answer.text
        token: str = answer.json()["refresh_token"]
        return token

    return get


@pytest.fixture
def refresh(visitor: NewVisitor) -> Refresh:
    """Asks with a refresh token, as `docker pull` does."""

    def ask(token: str, *scopes: str, service: str = "acme") -> httpx.Response:
        fields = {
            "grant_type": "refresh_token",
            "service": service,
            "client_id": "docker",
            "refresh_token": token,
            "scope": " ".join(scopes or ["repository:acme/app:pull"]),
        }
        return visitor().post("/auth/token", data=fields)

    return ask
