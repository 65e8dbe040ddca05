"""Keeping leaf keys, and signing registry tokens and files with the newest."""

import base64
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography import x509
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from django.db import transaction
from django.utils import timezone
from joserfc import jws
from joserfc.jwk import ECKey

from orgs.actor import Actor
from orgs.data_key import derived_key
from orgs.transactions import record_change
from permissions.reading import known, lasts_until
from permissions.snapshots.memory import Kind, NotYetKnown
from permissions.snapshots.store import Loaded
from registries.authorities import Authority, certify_leaf
from registries.models import AnnouncedAuthority, SigningKey

# A token must not outlive the certificate that vouches for it, nor a registry's leeway.
RESERVE = timedelta(minutes=5)
SIGNER_BYTES = 4000


@dataclass(frozen=True, slots=True)
class Signer:
    """A leaf key, ready to sign while its certificate is valid; `key` is None if it was encrypted
    under another data key."""

    key: ECKey | None
    certificate: x509.Certificate
    header: dict[str, Any]
    not_before: datetime
    not_after: datetime

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWS (RFC 7515) by ES256, with the leaf's certificate as `x5c`."""
        assert self.key is not None  # else `current_signer` gives none
        return jws.serialize_compact(self.header, msgspec.json.encode(claims), self.key)

    def sign_detached(self, content: bytes) -> bytes:
        """A detached CMS signature (RFC 5652) of a file in DER, with the leaf's certificate.

        What is signed are attributes with the file's hash in them, never the file itself: else
        a file that reads like a token could be signed into one.
        """
        assert self.key is not None  # as above
        key = self.key.private_key
        assert key is not None
        builder = PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, key, SHA256())
        options = [
            PKCS7Options.DetachedSignature,
            PKCS7Options.Binary,
            PKCS7Options.NoCapabilities,
        ]
        return builder.sign(Encoding.DER, options)


def current_signer(now: datetime) -> Signer:
    """The newest key that is valid long enough. Raises `NotYetKnown` if there is none.

    An answer that is signed with it lasts until it ends, or until a newer one is valid.
    """
    signer = None
    for one in known(_SIGNERS, None) or ():
        if one.not_before > now:
            lasts_until(one.not_before)
        elif one.not_after - RESERVE > now:
            lasts_until(one.not_after - RESERVE)
            signer = one
            break
    if signer is None:
        raise NotYetKnown("There is no valid signing key. Run manage.py rotate_signing_key.")
    if signer.key is None:
        raise NotYetKnown(
            "The signing key was encrypted under another HUBADMIN_DATA_KEY. Restore that, or run "
            "manage.py rotate_signing_key."
        )
    return signer


def rotate(authority: Authority, now: datetime) -> SigningKey:
    """Certify a fresh leaf key and store it; workers sign with it within a second."""
    leaf = certify_leaf(authority, now)
    private = leaf.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with transaction.atomic():
        key = SigningKey.objects.create(
            key_id=leaf.certificate.fingerprint(SHA256()).hex(),
            encrypted_private_key=_cipher().encrypt(private),
            certificate=leaf.certificate.public_bytes(Encoding.DER),
            authority_certificate=authority.certificate.public_bytes(Encoding.PEM),
            not_before=leaf.certificate.not_valid_before_utc,
            not_after=leaf.certificate.not_valid_after_utc,
        )
        SigningKey.objects.filter(not_after__lt=now - timedelta(days=30)).delete()
        AnnouncedAuthority.objects.filter(certificate=key.authority_certificate).delete()
        record_change(Actor.site_staff(), None, "signing_key.rotated", key.key_id)
    return key


def announce(authority: Authority) -> None:
    """Hand out the certificate of an authority that is to sign later, so that registries trust it
    before they must."""
    pem = authority.certificate.public_bytes(Encoding.PEM)
    with transaction.atomic():
        AnnouncedAuthority.objects.update_or_create(pk=1, defaults={"certificate": pem})
        record_change(Actor.site_staff(), None, "authority.announced", _fingerprint(authority))


def announced_authority() -> bytes | None:
    """The PEM certificate of the authority that is announced, or None."""
    announced = AnnouncedAuthority.objects.first()
    return bytes(announced.certificate) if announced else None


def forget_others(authority: Authority) -> int:
    """Delete the keys that other authorities have certified, and with the last one its place in
    what registries are told to trust; returns how many."""
    pem = authority.certificate.public_bytes(Encoding.PEM)
    with transaction.atomic():
        gone, _ = SigningKey.objects.exclude(authority_certificate=pem).delete()
        if gone:
            record_change(Actor.site_staff(), None, "authority.others_forgotten")
    return gone


def trusted_authority() -> bytes | None:
    """The PEM certificate over the newest key, which registries trust; None before the first."""
    newest = SigningKey.objects.order_by("-not_after", "-pk").first()
    return bytes(newest.authority_certificate) if newest else None


def has_half_its_life(now: datetime) -> bool:
    """Whether the newest key is less than half used up."""
    newest = SigningKey.objects.order_by("-not_after").first()
    return (
        newest is not None and now < newest.not_before + (newest.not_after - newest.not_before) / 2
    )


def authority_certificates(now: datetime) -> bytes:
    """The PEM certificates that registries must trust to accept tokens signed from now on, the one
    that signs first."""
    live = SigningKey.objects.filter(not_after__gt=now).order_by("-not_after", "-pk")
    seen = dict.fromkeys(bytes(pem) for pem in live.values_list("authority_certificate", flat=True))
    if not seen:
        raise NotYetKnown("There is no signing key yet. Run manage.py rotate_signing_key.")
    announced = announced_authority()
    return b"".join(seen | {announced: None} if announced else seen)


def _fingerprint(authority: Authority) -> str:
    return authority.certificate.fingerprint(SHA256()).hex()


def _load_signers(_: None) -> Loaded[tuple[Signer, ...]]:
    stored = SigningKey.objects.filter(not_after__gt=timezone.now()).order_by("-not_after", "-pk")
    signers = tuple(map(_signer, stored))
    return Loaded(signers, frozenset({"signing"}), SIGNER_BYTES * len(signers))


def _signer(stored: SigningKey) -> Signer:
    try:
        key = ECKey.import_key(_cipher().decrypt(bytes(stored.encrypted_private_key)))
    except InvalidToken:
        key = None
    der = bytes(stored.certificate)
    chain = [base64.b64encode(der).decode()]
    header = {"alg": "ES256", "typ": "JWT", "kid": stored.key_id, "x5c": chain}
    certificate = x509.load_der_x509_certificate(der)
    return Signer(key, certificate, header, stored.not_before, stored.not_after)


def _cipher() -> Fernet:
    return Fernet(base64.urlsafe_b64encode(derived_key("signing key encryption")))


_SIGNERS = Kind("signers", _load_signers)
