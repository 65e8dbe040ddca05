"""How django-allauth's second factors meet this site."""

from base64 import urlsafe_b64encode

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings

from orgs.data_key import derived_key
from orgs.models import User

NOT_RIGHT = "This code or passkey isn't right. Try again; each code works once, and not for long."


class SecondFactorAdapter(DefaultMFAAdapter):
    error_messages = {**DefaultMFAAdapter.error_messages, "incorrect_code": NOT_RIGHT}

    def encrypt(self, text: str) -> str:
        # A copy of the database alone must not sign in for everybody.
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def get_totp_label(self, user: User) -> str:
        return user.username

    def get_totp_issuer(self) -> str:
        return f"Hubadmin at {settings.SITE_HOST}"

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # Whatever host the request named: a passkey belongs to the site.
        return {"id": settings.SITE_HOST, "name": self.get_totp_issuer()}


def _cipher() -> Fernet:
    return Fernet(urlsafe_b64encode(derived_key("second factor secret")))
