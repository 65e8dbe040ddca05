"""How django-allauth meets this site."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        # manage.py makes the first people; invitations come with the members' pages.
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        # Resolved already, for everybody, by audit.client_address.
        return str(request.META["REMOTE_ADDR"])
