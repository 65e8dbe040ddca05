"""The form of our secrets: `hubadmin_pat_` + 43 random characters + a checksum of six.

The prefix lets secret scanners find one in a public repository, the checksum lets them tell it
from a look-alike without asking us.
"""

import secrets
import string
import zlib
from enum import StrEnum

from orgs.data_key import keyed_hash

ALPHABET = string.digits + string.ascii_letters
RANDOM_LENGTH = 43  # 256 bits in base 62
CHECKSUM_LENGTH = 6  # 32 bits in base 62


class SecretKind(StrEnum):
    PERSONAL = "hubadmin_pat_"
    ORGANIZATION = "hubadmin_oat_"
    REGISTRY = "hubadmin_reg_"
    CLUSTER = "hubadmin_clu_"
    REFRESH = "hubadmin_ref_"
    INVITATION = "hubadmin_inv_"


PREFIX_LENGTH = len("hubadmin_xyz_")
_KINDS: dict[str, SecretKind] = {kind.value: kind for kind in SecretKind}


def new_secret(kind: SecretKind) -> str:
    """A fresh secret of this kind, to be shown once."""
    body = kind + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + _checksum(body)


def new_public_id(kind: SecretKind) -> str:
    """A name by which a secret can be spoken of without giving it away."""
    return f"{kind.removeprefix('hubadmin_')}{secrets.token_hex(8)}"


def claimed_kind(text: str) -> SecretKind | None:
    """Which kind of secret a text says that it is, to be held to it by `kind_of`."""
    return _KINDS.get(text[:PREFIX_LENGTH])


def kind_of(text: str) -> SecretKind | None:
    """Which kind of secret this is by its form, or None if it can't be one of ours."""
    kind = claimed_kind(text)
    if kind is None or len(text) != PREFIX_LENGTH + RANDOM_LENGTH + CHECKSUM_LENGTH:
        return None
    return kind if text.endswith(_checksum(text[:-CHECKSUM_LENGTH])) else None


def secret_digest(text: str) -> str:
    """What is stored of a secret, and by which it is found again."""
    return keyed_hash("access token", text)


def password_stamp(encoded_password: str) -> str:
    """A text that stays the same until a password changes, and gives nothing of it away."""
    return keyed_hash("password stamp", encoded_password)


_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)


def _checksum(body: str) -> str:
    rest, last = divmod(zlib.crc32(body.encode()), len(_PAIRS))
    first, middle = divmod(rest, len(_PAIRS))
    return _PAIRS[first] + _PAIRS[middle] + _PAIRS[last]
