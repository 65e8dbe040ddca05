"""What manage.py's commands have in common."""

from argparse import ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.management.base import BaseCommand, CommandError

from orgs.actor import Invalid
from orgs.models import Organization, User
from orgs.queries import organization_named, user_named

MAX_DAYS = 3650


class OperationCommand(BaseCommand):
    """A command around one operation: what the operation refuses is said in one sentence."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (Invalid, PermissionDenied) as error:
            raise CommandError(str(error)) from error


def days(text: str) -> timedelta:
    """A number of days from the command line, 1 to 3650. Raises `ArgumentTypeError`."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:5]) <= MAX_DAYS):
        raise ArgumentTypeError(f"{text} is no number of days from 1 to {MAX_DAYS}.")
    return timedelta(days=int(text))


def existing_user(username: str) -> User:
    """The user of that name, active or not. Raises `CommandError`."""
    user = user_named(username)
    if user is None:
        raise CommandError(f"There is no user {username}. manage.py create_user makes one.")
    return user


def existing_organization(name: str) -> Organization:
    """The organization of that name. Raises `CommandError`."""
    organization = organization_named(name)
    if organization is None:
        raise CommandError(
            f"There is no organization {name}. manage.py create_organization makes one."
        )
    return organization
