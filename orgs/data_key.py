"""Keys for one purpose each, derived from the one data key in the environment."""

import hmac
from functools import cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@cache
def derived_key(purpose: str) -> bytes:
    """32 bytes for `purpose`, by HKDF-SHA256 (RFC 5869)."""
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(settings.DATA_KEY.encode())


def keyed_hash(purpose: str, text: str) -> str:
    """HMAC-SHA256 of `text` in hexadecimal: finds a stored secret, never gives it away."""
    begun = _begun(purpose).copy()
    begun.update(text.encode())
    return begun.hexdigest()


@cache
def _begun(purpose: str) -> hmac.HMAC:
    # To begin takes longer than all the rest, and each request brings a secret.
    return hmac.new(derived_key(purpose), digestmod="sha256")
