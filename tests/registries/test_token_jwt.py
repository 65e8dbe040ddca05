"""The JWT, verified as Distribution 3.x does: by its certificate chain, then by its claims.

Its rules stand in distribution/distribution, registry/auth/token/token.go: with an `x5c` header
the chain to a certificate of `rootcertbundle` decides, and `kid` is not looked at.
"""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from django.utils import timezone
from joserfc import jwt
from joserfc.errors import BadSignatureError
from joserfc.jwk import ECKey
from joserfc.jws import JWSRegistry

from registries.authorities import authority_in
from tests.conftest import NewVisitor

LEEWAY = timedelta(seconds=60)
ISSUER = "http://localhost:8000"
SCOPE = "repository:acme/app:pull"
LARGE = JWSRegistry()
LARGE.max_header_length = 4096  # for the certificate in x5c


class Untrusted(Exception):
    """The registry would refuse this token."""


@pytest.fixture
def token(visitor: NewVisitor, demo: dict[str, str]) -> str:
    params = {"service": "acme", "scope": SCOPE}
    answer = visitor().get("/auth/token", params=params, auth=("mel", demo["DEMO_PASSWORD"]))
    signed: str = answer.json()["token"]
    return signed


@pytest.fixture
def bundle(visitor: NewVisitor) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(visitor().get("/auth/ca.pem").content)


def header_of(token: str) -> dict[str, Any]:
    encoded = token.partition(".")[0]
    header: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=="))
    return header


def verified(
    token: str, bundle: list[x509.Certificate], now: datetime, *, service: str = "acme"
) -> dict[str, Any]:
    """The claims of a token that a registry of this service accepts. Raises `Untrusted`."""
    leaf = _leaf(header_of(token), bundle, now)
    public_key = leaf.public_key()
    assert isinstance(public_key, ec.EllipticCurvePublicKey)
    key = ECKey.import_key(public_key)
    try:
        claims = jwt.decode(token, key, algorithms=["ES256"], registry=LARGE).claims
    except BadSignatureError as error:
        raise Untrusted("signature") from error
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    if claims["iss"] != ISSUER or service not in audience:
        raise Untrusted("issuer or audience")
    if not claims["nbf"] - LEEWAY.seconds <= now.timestamp() <= claims["exp"] + LEEWAY.seconds:
        raise Untrusted("time")
    return claims


def _leaf(
    header: dict[str, Any], bundle: list[x509.Certificate], now: datetime
) -> x509.Certificate:
    chain = [x509.load_der_x509_certificate(base64.b64decode(der)) for der in header["x5c"]]
    for issued, issuer in zip(chain, [*chain[1:], None], strict=True):
        if not issued.not_valid_before_utc <= now <= issued.not_valid_after_utc:
            raise Untrusted("certificate's time")
        if not any(_issued(issued, one) for one in ([issuer] if issuer else bundle)):
            raise Untrusted("chain")
    return chain[0]


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def test_the_chain_alone_makes_a_token_trusted(token: str, bundle: list[x509.Certificate]) -> None:
    claims = verified(token, bundle, timezone.now())
    assert claims["access"] == [{"type": "repository", "name": "acme/app", "actions": ["pull"]}]
    header = header_of(token)
    assert header["typ"] == "JWT"
    assert header["alg"] == "ES256"
    assert "jwk" not in header  # it would be looked at where x5c is missing
    assert len(header["kid"]) == 64


def test_claims_have_the_types_that_a_registry_reads(
    token: str, bundle: list[x509.Certificate]
) -> None:
    claims = verified(token, bundle, timezone.now())
    types = {name: type(value) for name, value in claims.items()}
    assert types == {
        "iss": str,
        "sub": str,
        "aud": str,
        "exp": int,
        "nbf": int,
        "iat": int,
        "jti": str,
        "access": list,
    }


def test_a_token_is_good_for_two_minutes_at_most(
    token: str, bundle: list[x509.Certificate]
) -> None:
    now = timezone.now()
    assert verified(token, bundle, now + timedelta(seconds=118))
    assert verified(token, bundle, now - timedelta(seconds=58))
    for other in (now + timedelta(seconds=122), now - timedelta(seconds=62)):
        with pytest.raises(Untrusted, match="time"):
            verified(token, bundle, other)


def test_it_is_good_for_its_own_service_alone(token: str, bundle: list[x509.Certificate]) -> None:
    with pytest.raises(Untrusted, match="audience"):
        verified(token, bundle, timezone.now(), service="hub")


def test_another_authoritys_bundle_trusts_it_not(
    token: str, bundle: list[x509.Certificate], tmp_path: Path
) -> None:
    other = authority_in(tmp_path, timezone.now()).certificate
    with pytest.raises(Untrusted, match="chain"):
        verified(token, [other], timezone.now())
    assert verified(token, [other, *bundle], timezone.now())


def test_a_changed_token_is_worth_nothing(token: str, bundle: list[x509.Certificate]) -> None:
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["access"][0]["actions"] = ["pull", "push"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    with pytest.raises(Untrusted, match="signature"):
        verified(f"{header}.{forged}.{signature}", bundle, timezone.now())


def test_a_leaf_outlives_its_tokens(token: str, bundle: list[x509.Certificate]) -> None:
    leaf = _leaf(header_of(token), bundle, timezone.now())
    claims = verified(token, bundle, timezone.now())
    assert leaf.not_valid_after_utc > datetime.fromtimestamp(claims["exp"], UTC) + LEEWAY


@pytest.mark.parametrize("scope", ["repository:acme/app:", "repository:acme/app:,"])
def test_a_scope_that_asks_for_nothing_is_a_sign_in(
    visitor: NewVisitor, demo: dict[str, str], scope: str
) -> None:
    ask: Callable[..., httpx.Response] = visitor().get
    params = {"service": "acme", "scope": scope}
    answer = ask("/auth/token", params=params, auth=("mel", demo["DEMO_PASSWORD"]))
    assert answer.status_code == 200
    assert answer.json()["scope"] == ""
    assert ask("/auth/token", params=params).status_code == 401
