from getpass import getpass
from typing import Any

from django.core.management.base import CommandParser

from orgs.actor import Actor
from orgs.commands import OperationCommand
from orgs.operations import create_user


class Command(OperationCommand):
    help = "Make a person. Without --ask-password they set one by 'Forgot your password?'."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--full-name", default="")
        parser.add_argument("--ask-password", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        create_user(
            Actor.site_staff(),
            username=options["username"],
            email=options["email"],
            password=getpass("Password: ") if options["ask_password"] else None,
            full_name=options["full_name"],
        )
        self.stdout.write(f"Made the user {options['username']}.")
