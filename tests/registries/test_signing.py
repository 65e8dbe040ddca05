"""The authority, its leaf keys, and how they are kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from orgs.data_key import derived_key
from permissions.snapshots.memory import NotYetKnown
from registries import signing
from registries.authorities import authority_in, certify_leaf
from registries.models import SigningKey

NOW = timezone.now()


def test_the_authority_is_made_once_and_its_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    first, second = authority_in(folder, NOW), authority_in(folder, NOW)
    assert first.certificate == second.certificate
    assert (folder / "ca.key").stat().st_mode & 0o777 == 0o600
    constraints = first.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert constraints.value.ca
    assert first.certificate.not_valid_after_utc > NOW + timedelta(days=3000)


def test_leaves_are_certified_for_at_most_seven_days_and_can_not_certify(tmp_path: Path) -> None:
    authority = authority_in(tmp_path, NOW)
    leaf = certify_leaf(authority, NOW).certificate
    leaf.verify_directly_issued_by(authority.certificate)
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc <= timedelta(days=7)
    assert leaf.not_valid_before_utc < NOW
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


@pytest.mark.django_db
def test_the_private_key_is_stored_encrypted(tmp_path: Path) -> None:
    key = signing.rotate(authority_in(tmp_path, NOW), NOW)
    assert b"PRIVATE KEY" not in bytes(key.encrypted_private_key)
    assert b"PRIVATE KEY" in signing._cipher().decrypt(bytes(key.encrypted_private_key))


@pytest.mark.django_db
def test_the_newest_key_signs_and_all_authorities_are_handed_out(tmp_path: Path) -> None:
    now = timezone.now() + timedelta(seconds=1)
    old = signing.current_signer(now)
    key = signing.rotate(authority_in(tmp_path, now), now)
    assert signing.current_signer(now).header["kid"] == key.key_id != old.header["kid"]
    assert signing.authority_certificates(NOW).count(b"BEGIN CERTIFICATE") == 2


@pytest.mark.django_db
def test_a_key_that_would_end_before_its_token_signs_nothing() -> None:
    end = signing.current_signer(NOW).not_after
    assert signing.current_signer(end - timedelta(minutes=6))
    with pytest.raises(NotYetKnown):
        signing.current_signer(end - timedelta(minutes=4))


@pytest.mark.django_db
def test_rotation_when_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    call_command("rotate_signing_key", if_needed=True)
    assert SigningKey.objects.count() == 1
    assert signing.has_half_its_life(NOW + timedelta(days=3))
    assert not signing.has_half_its_life(NOW + timedelta(days=4))
    call_command("rotate_signing_key")
    assert SigningKey.objects.count() == 2


@pytest.mark.django_db
def test_a_lost_authority_is_not_replaced_unasked(settings: Settings, tmp_path: Path) -> None:
    trusted = signing.trusted_authority()
    settings.CA_DIR = tmp_path / "lost"
    with pytest.raises(CommandError, match="has lost its authority's key"):
        call_command("rotate_signing_key")
    assert not settings.CA_DIR.exists()

    authority_in(tmp_path / "another", NOW)
    settings.CA_DIR = tmp_path / "another"
    with pytest.raises(CommandError, match="another authority"):
        call_command("rotate_signing_key")
    assert SigningKey.objects.count() == 1

    call_command("rotate_signing_key", new_authority=True)
    assert signing.trusted_authority() != trusted
    call_command("rotate_signing_key")
    assert SigningKey.objects.count() == 3


@pytest.mark.django_db
def test_an_authority_is_handed_out_before_it_signs(settings: Settings, tmp_path: Path) -> None:
    SigningKey.objects.all().delete()
    settings.CA_DIR = tmp_path
    with pytest.raises(CommandError, match="No authority signs yet"):
        call_command("rotate_signing_key", announce_authority=True)
    call_command("rotate_signing_key")
    old = signing.authority_certificates(NOW)
    with pytest.raises(CommandError, match="No authority is announced"):
        call_command("rotate_signing_key", switch_authority=True)

    for _ in range(2):
        call_command("rotate_signing_key", announce_authority=True)
        both = signing.authority_certificates(NOW)
        assert both.startswith(old)
        assert both.count(b"BEGIN CERTIFICATE") == 2
        assert signing.trusted_authority() == old
    call_command("rotate_signing_key")  # as the signer does meanwhile
    assert signing.trusted_authority() == old

    call_command("rotate_signing_key", switch_authority=True)
    new = signing.trusted_authority()
    assert new is not None
    assert both == old + new
    assert signing.authority_certificates(NOW) == new + old
    assert (tmp_path / "old" / "ca.key").exists()
    with pytest.raises(CommandError, match="No authority is announced"):
        call_command("rotate_signing_key", switch_authority=True)
    call_command("rotate_signing_key")
    assert signing.trusted_authority() == new

    call_command("rotate_signing_key", forget_old_authority=True)
    assert signing.authority_certificates(NOW) == new
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ca.key", "ca.pem"]


@pytest.mark.django_db
@pytest.mark.parametrize("moves_before_it_fails", range(4))
def test_a_switch_that_ended_halfway_goes_on(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    moves_before_it_fails: int,
) -> None:
    SigningKey.objects.all().delete()
    settings.CA_DIR = tmp_path
    call_command("rotate_signing_key")
    call_command("rotate_signing_key", announce_authority=True)
    announced, rename, moved = signing.announced_authority(), Path.rename, list[Path]()

    def full(path: Path, target: Path) -> Path:
        if len(moved) == moves_before_it_fails:
            raise OSError(28, "No space left on device")
        moved.append(path)
        return rename(path, target)

    with monkeypatch.context() as patch, pytest.raises(CommandError, match="No space left"):
        patch.setattr(Path, "rename", full)
        call_command("rotate_signing_key", switch_authority=True)
    call_command("rotate_signing_key", switch_authority=True)
    assert signing.trusted_authority() == announced
    assert (tmp_path / "old" / "ca.key").exists()


@pytest.mark.django_db
def test_another_data_key_signs_nothing(settings: Settings) -> None:
    settings.DATA_KEY = "another" * 8
    derived_key.cache_clear()
    try:
        with pytest.raises(NotYetKnown, match="HUBADMIN_DATA_KEY"):
            signing.current_signer(NOW)
    finally:
        derived_key.cache_clear()
