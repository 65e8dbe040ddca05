"""An OpenID provider on real sockets: everybody who comes is signed in as the person it was told.

It checks what clients send (their secret, PKCE, the address to come back to), and answers wrongly
where a test says so.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "hubadmin"
CLIENT_SECRET = "the-client-s-own-secret"


class Handler(BaseHTTPRequestHandler):
    server: "IdentityProvider"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        match url.path:
            case "/.well-known/openid-configuration":
                self._answer(self.server.configuration())
            case "/jwks":
                self._answer({"keys": [self.server.key.as_dict(private=False)]})
            case "/authorize":
                self._authorize(dict(parse_qsl(url.query)))
            case "/userinfo" if self._bearer() in self.server.access_tokens:
                self._answer(self.server.person | self.server.userinfo)
            case _:
                self._answer({"error": "invalid_request"}, 400)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(parse_qsl(body))
        asked = self.server.codes.pop(form.get("code", ""), None)
        if self.path != "/token" or asked is None or not self._is_client(form, asked):
            self._answer({"error": "invalid_grant"}, 400)
            return
        self._answer(self.server.tokens())

    def _authorize(self, asked: dict[str, str]) -> None:
        answer = {"state": asked["state"]} | self.server.answer
        if "error" not in answer:
            answer["code"] = secrets.token_urlsafe(16)
            self.server.codes[answer["code"]] = asked
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _is_client(self, form: dict[str, str], asked: dict[str, str]) -> bool:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            form.get("client_id") == CLIENT_ID
            and form.get("client_secret") == CLIENT_SECRET
            and form.get("redirect_uri") == asked["redirect_uri"]
            and challenge == asked.get("code_challenge")
        )

    def _bearer(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _answer(self, body: Any, status: int = 200) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class IdentityProvider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
        self.codes: dict[str, dict[str, str]] = {}
        self.access_tokens: set[str] = set()
        self.will()

    @property
    def url(self) -> str:
        return f"http://localhost:{self.server_port}"

    @property
    def page(self) -> str:
        """Where people sign in: to a browser another site than ours, as a real provider's is."""
        return f"http://127.0.0.1:{self.server_port}/authorize"

    def will(
        self,
        person: dict[str, Any] | None = None,
        *,
        claims: dict[str, Any] | None = None,
        userinfo: dict[str, Any] | None = None,
        answer: dict[str, str] | None = None,
        configuration: dict[str, Any] | None = None,
    ) -> None:
        """Who is signed in from now on, and what is answered in place of what would be right."""
        self.person = person or {}
        self.claims, self.userinfo = claims or {}, userinfo or {}
        self.answer, self.overridden = answer or {}, configuration or {}

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": self.page,
            "token_endpoint": f"{self.url}/token",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.overridden

    def tokens(self) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60} | self.person
        header = {"alg": "RS256", "kid": "one"}
        access_token = secrets.token_urlsafe(16)
        self.access_tokens.add(access_token)
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": jwt.encode(header, claims | self.claims, self.key),
        }


def configured(issuer: str, **more: Any) -> dict[str, Any]:
    """A provider, called Keycloak unless told otherwise, as `HUBADMIN_OIDC` names it."""
    provider = {
        "id": "keycloak",
        "name": "Keycloak",
        "issuer": issuer,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }
    return provider | more


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Serves until the block is left."""
    with IdentityProvider() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
