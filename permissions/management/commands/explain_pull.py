from collections.abc import Iterable
from typing import Any

from django.core.management.base import CommandError, CommandParser

from orgs.commands import OperationCommand, existing_organization
from permissions.authorize import explain
from permissions.callers import registry_named
from permissions.core.explain import Explanation, Step
from permissions.core.policy import SubjectKind
from permissions.facts import Asker, Claim


class Command(OperationCommand):
    help = "Tell whether a user may pull an image, and which fact and which rule decide it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("image", help="docker.io/randomdev/tool, for instance")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--organization", help="as this organization decides")
        where.add_argument("--service", help="as at this connected registry")

    def handle(self, *args: Any, **options: Any) -> None:
        claim = Claim(SubjectKind.USER, options["username"])
        asker = _asker(options["organization"], options["service"])
        for line in _lines(explain(claim, asker, options["image"])):
            self.stdout.write(line)


def _asker(organization: str | None, service: str | None) -> Asker:
    if organization is not None:
        return Asker(organization=existing_organization(organization).name)
    registry = registry_named(service or "")
    if registry is None:
        raise CommandError(f"No registry {service} is connected.")
    return Asker(registry)


def _lines(explanation: Explanation) -> Iterable[str]:
    decision = explanation.decision
    yield f"{'Allowed' if decision.allowed else 'Denied'} ({decision.rule}): {decision.reason}"
    yield ""
    yield from explanation.facts
    yield from _steps(explanation.steps)
    for organization in explanation.organizations:
        yield ""
        yield from organization.facts
        yield from _steps(organization.steps)


def _steps(steps: Iterable[Step]) -> Iterable[str]:
    for step in steps:
        if step.reached:
            mark = "->" if step.matched else "  "
            yield f"{mark} {step.number:4} {step.rule:30} {step.fact}"
