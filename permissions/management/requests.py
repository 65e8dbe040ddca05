"""What the commands about requests for namespaces have in common."""

from django.core.management.base import CommandError, CommandParser

from permissions.models import NamespaceRequest
from permissions.registry_queries import any_request_numbered


def add_number(parser: CommandParser) -> None:
    """The argument by which a request is named."""
    parser.add_argument("number", type=int, help="as manage.py namespace_requests lists it")


def request_with(number: int) -> NamespaceRequest:
    """The request of that number. Raises `CommandError`."""
    asked = any_request_numbered(number)
    if asked is None:
        raise CommandError(f"There is no request {number}. manage.py namespace_requests has all.")
    return asked
