"""A signed configuration profile, verified by the real openssl, and what can't be signed with."""

import plistlib
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from django.utils import timezone
from pytest_django import Settings

from enforcement.artefacts import artefact
from enforcement.profile_signing import profile_signer, signing_problem
from orgs.actor import Actor
from orgs.models import Organization
from orgs.token_operations import create_organization_token
from tests.conftest import NewVisitor
from tests.services.process import program

NAME = "docker-desktop.mobileconfig"
UNSIGNED = artefact(NAME, ["acme"]).body
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def certificate(key: Key, called: str, issuer: str, signed_by: Key, *, ca: bool) -> bytes:
    now = timezone.now()
    names = [
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in (called, issuer)
    ]
    builder = (
        x509.CertificateBuilder(names[1], names[0], key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    return builder.sign(signed_by, SHA256()).public_bytes(Encoding.PEM)


def pem(key: Key, password: bytes = b"") -> bytes:
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path, Path]:
    """A certificate with its intermediate, its key, and the root that a fleet would trust."""
    root, between = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    chain, key, trusted = tmp_path / "chain.pem", tmp_path / "key.pem", tmp_path / "root.pem"
    chain.write_bytes(
        certificate(RSA, "Profiles", "Between", between, ca=False)
        + certificate(between, "Between", "Root", root, ca=True)
    )
    key.write_bytes(pem(RSA))
    trusted.write_bytes(certificate(root, "Root", "Root", root, ca=True))
    return chain, key, trusted


def opened(signed: Path, trusted: Path) -> bytes:
    """What is inside a signature, if openssl finds it good."""
    openssl = program("openssl", package="openssl")
    command = [openssl, "cms", "-verify", "-inform", "DER", "-purpose", "any"]
    command += ["-in", str(signed), "-CAfile", str(trusted)]
    return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.mark.django_db
def test_page_and_fleet_hand_out_the_same_signed_profile(
    files: tuple[Path, Path, Path],
    settings: Settings,
    tmp_path: Path,
    acme: Organization,
    visitor: NewVisitor,
    signed_in: Callable[[str], httpx.Client],
) -> None:
    settings.PROFILE_CERTIFICATE, settings.PROFILE_KEY = map(str, files[:2])
    _, secret = create_organization_token(
        Actor.site_staff(), acme, label="Fleet", scope="repo:public_read"
    )
    fleet = visitor(Authorization=f"Bearer {secret}")
    answer = fleet.get(f"/fleet/{NAME}")
    page = signed_in("olivia").get(f"/orgs/acme/settings/enforce-sign-in/{NAME}")

    signed = tmp_path / NAME
    signed.write_bytes(answer.content)
    assert opened(signed, files[2]) == UNSIGNED
    assert plistlib.loads(opened(signed, files[2]))["PayloadType"] == "Configuration"
    assert page.content == answer.content
    # Hashes and entity tags hold, as the same profile always has the same bytes.
    again = fleet.get(f"/fleet/{NAME}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert fleet.get("/fleet/registry.json").content == b'{"allowedOrgs":["acme"]}'


def test_a_changed_profile_is_not_opened(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    signed = profile_signer(str(files[0]), str(files[1])).sign(UNSIGNED)
    changed = tmp_path / "changed"
    changed.write_bytes(signed.replace(b"acme", b"evil"))
    with pytest.raises(subprocess.CalledProcessError):
        opened(changed, files[2])


def test_what_can_not_sign_is_named(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    good_certificate, good_key, _ = files
    bad = tmp_path / "bad.pem"

    def problem(certificate: Path | str, key: Path | str) -> str:
        profile_signer.cache_clear()
        found = signing_problem(str(certificate), str(key))
        assert found is not None
        return found

    assert signing_problem("", "") is None
    assert signing_problem(str(good_certificate), str(good_key)) is None

    assert problem("", good_key) == "Set both or neither."
    assert problem(good_certificate, "") == "Set both or neither."
    assert "No such file" in problem(good_certificate, bad)
    bad.write_bytes(b"nonsense")
    assert "no certificate in PEM" in problem(bad, good_key)
    assert "no private key in PEM" in problem(good_certificate, bad)
    bad.write_bytes(pem(RSA, b"a password"))
    assert "needs no password" in problem(good_certificate, bad)
    bad.write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    assert "another kind than RSA" in problem(good_certificate, bad)
    bad.write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
    assert "is not the key of the first certificate" in problem(good_certificate, bad)
