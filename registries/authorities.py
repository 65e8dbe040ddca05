"""The certificate authority and the leaf keys under it, for `manage.py` alone.

The authority's key is a file that no worker reads. Leaf keys go to the database, encrypted.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

AUTHORITY_LIFE = timedelta(days=3650)
LEAF_LIFE = timedelta(days=7)
# Registries' clocks may run behind ours.
BACKDATED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Authority:
    """A self-signed certificate that registries trust, with its key."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class Leaf:
    """A key that signs tokens, certified by the authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


class NoAuthority(Exception):
    """The folder has no authority, and none may be made there."""


def next_folder(folder: Path) -> Path:
    """Where the authority lies that will take over from the one in `folder`."""
    return folder / "next"


def old_folder(folder: Path) -> Path:
    """Where the authority lies that the one in `folder` took over from."""
    return folder / "old"


def take_over(folder: Path) -> None:
    """Put the next authority in the current one's place, and that one aside.

    Ended halfway, it can be called again. Raises `NoAuthority` if there is no next one.
    """
    coming, old = next_folder(folder), old_folder(folder)
    if not (coming / "ca.key").exists():
        raise NoAuthority
    old.mkdir(exist_ok=True, mode=0o700)
    if (folder / "ca.key").exists():
        _move(folder, old)
    _move(coming, folder)
    coming.rmdir()


def _move(folder: Path, to: Path) -> None:
    # The key last, which alone tells that an authority is complete, or not gone yet.
    for name in ("ca.pem", "ca.key"):
        if (folder / name).exists():
            (folder / name).rename(to / name)


def forget_old(folder: Path) -> None:
    """Delete the authority that was put aside."""
    for name in ("ca.key", "ca.pem"):
        (old_folder(folder) / name).unlink(missing_ok=True)
    if old_folder(folder).exists():
        old_folder(folder).rmdir()


def authority_in(folder: Path, now: datetime, *, may_make: bool = True) -> Authority:
    """The authority kept in `folder` as `ca.key` and `ca.pem`, made there if there is none.

    Raises `NoAuthority` if there is none and `may_make` is False; `OSError` if it can't be read.
    """
    key_file, certificate_file = folder / "ca.key", folder / "ca.pem"
    if not key_file.exists():
        if not may_make:
            raise NoAuthority
        _make_authority(folder, key_file, certificate_file, now)
    key = load_pem_private_key(key_file.read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(key, x509.load_pem_x509_certificate(certificate_file.read_bytes()))


def certify_leaf(authority: Authority, now: datetime) -> Leaf:
    """A fresh P-256 key with a certificate that lives seven days, backdating included."""
    key = ec.generate_private_key(ec.SECP256R1())
    start = now - BACKDATED
    builder = _certificate("Hubadmin token signing", start, LEAF_LIFE, key.public_key())
    builder = builder.issuer_name(authority.certificate.subject)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_key_usage(digital_signature=True), True)
    return Leaf(key, builder.sign(authority.key, SHA256()))


def _make_authority(folder: Path, key_file: Path, certificate_file: Path, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _certificate("Hubadmin CA", now - BACKDATED, AUTHORITY_LIFE, key.public_key())
    builder = builder.issuer_name(_name("Hubadmin CA"))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
    builder = builder.add_extension(_key_usage(key_cert_sign=True), True)
    certificate = builder.sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    # The key is written last: it alone tells that the authority is complete.
    temporary = key_file.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
    temporary.rename(key_file)


def _certificate(
    common_name: str, start: datetime, life: timedelta, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + life)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _key_usage(*, digital_signature: bool = False, key_cert_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
