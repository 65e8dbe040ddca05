"""Signing configuration profiles, so that a Mac shows who made one and that nobody changed it."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7Options,
    PKCS7SignatureBuilder,
)


class Unusable(Exception):
    """No profile can be signed with what is configured. The text says why."""


@dataclass(frozen=True, slots=True)
class ProfileSigner:
    """A certificate with its key, and the certificates that lead from it to a root."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: RSAPrivateKey

    def sign(self, profile: bytes) -> bytes:
        """The profile inside its CMS signature (RFC 5652), in DER.

        Always the same bytes for the same profile, so that hashes and entity tags of it hold:
        RSA signs so, and without attributes there is no time in it.
        """
        builder = PKCS7SignatureBuilder().set_data(profile)
        builder = builder.add_signer(self.certificate, self.key, SHA256())
        for certificate in self.chain:
            builder = builder.add_certificate(certificate)
        return builder.sign(Encoding.DER, [PKCS7Options.Binary, PKCS7Options.NoAttributes])


def signing_problem(certificate_file: str, key_file: str) -> str | None:
    """Why nothing can be signed with what is configured; None if it can, or if nothing is."""
    if not certificate_file and not key_file:
        return None
    try:
        profile_signer(certificate_file, key_file)
    except Unusable as error:
        return str(error)
    return None


@cache
def profile_signer(certificate_file: str, key_file: str) -> ProfileSigner:
    """The signer in these PEM files: the certificate first, then its chain. Raises `Unusable`."""
    if not certificate_file or not key_file:
        raise Unusable("Set both or neither.")
    certificate, *chain = _certificates(certificate_file)
    key = _key(key_file)
    if certificate.public_key() != key.public_key():
        raise Unusable(f"{key_file} is not the key of the first certificate in {certificate_file}.")
    return ProfileSigner(certificate, tuple(chain), key)


def _certificates(file: str) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(file))
    except ValueError as error:
        raise Unusable(f"{file} has no certificate in PEM.") from error


def _key(file: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(_read(file), password=None)
    except (ValueError, TypeError) as error:
        raise Unusable(f"{file} has no private key in PEM that needs no password.") from error
    if not isinstance(key, RSAPrivateKey):
        raise Unusable(f"{file} has a key of another kind than RSA.")
    return key


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise Unusable(f"{file} can't be read: {error.strerror}.") from error
