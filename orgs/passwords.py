"""Checking a password outside the sign-in page, where only a yes or no is wanted."""

from django.contrib.auth.backends import ModelBackend

from orgs.models import User
from orgs.verified_passwords import remember, verified_user


def user_with_password(username: str, password: str) -> User | None:
    """The active user with this name and password, or None.

    An unknown name takes as long as a wrong password.
    """
    if "\x00" in username:
        return None  # the database can't even be asked
    user = verified_user(username, password)
    if user is not None:
        return user
    found = ModelBackend().authenticate(None, username=username, password=password)
    if not isinstance(found, User):
        return None
    remember(found, password)
    return found
