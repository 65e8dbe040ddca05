"""The policy of bench/decide.py in Cedar's words: rules D5 to D10, blocks as a group."""

import json
from collections.abc import Callable

from cedarpy import Decision, Entities, PolicySet, is_authorized

POLICY = """
permit (principal in Role::"owner", action, resource);
permit (principal in Role::"member", action, resource)
when { context.category == "organization" };
permit (principal in Role::"member", action, resource)
when { context.category == "official" || context.category == "verified_publisher" };
forbid (principal in Role::"member", action, resource in Group::"blocked")
when { context.category != "organization" };
"""


def decider(own_rules: int) -> Callable[[str, str], bool]:
    """Return Cedar with policies and entities that were read beforehand."""
    policies = PolicySet.from_str(POLICY)
    entities = Entities.from_json_str(
        json.dumps(
            [
                _entity("User", "mel", ("Role", "member")),
                _entity("Role", "member"),
                _entity("Group", "blocked"),
                *(
                    _entity("Namespace", f"docker.io/blocked{n}", ("Group", "blocked"))
                    for n in range(own_rules)
                ),
            ]
        )
    )

    def decide(image: str, category: str) -> bool:
        request = {
            "principal": {"type": "User", "id": "mel"},
            "action": {"type": "Action", "id": "pull"},
            "resource": {"type": "Namespace", "id": image.rpartition("/")[0]},
            "context": {"category": category},
        }
        return bool(is_authorized(request, policies, entities).decision is Decision.Allow)

    return decide


def _entity(type: str, id: str, *parents: tuple[str, str]) -> dict[str, object]:
    above = [{"type": parent, "id": name} for parent, name in parents]
    return {"uid": {"type": type, "id": id}, "attrs": {}, "parents": above}
