"""The policy of bench/decide.py in OPA's language, built beforehand: rules D5 to D10."""

import json
from collections.abc import Callable

from regopy import Input, Interpreter

POLICY = """
package images

default allow := false

allow if input.role == "owner"
allow if input.category == "organization"
allow if {
    not data.blocked[input.namespace]
    input.category in {"official", "verified_publisher"}
}
"""


def decider(own_rules: int) -> Callable[[str, str], bool]:
    """Return an interpreter with the policy as a bundle and the blocks as its data."""
    rego = Interpreter()
    rego.add_module("images", POLICY)
    blocked = {f"docker.io/blocked{n}": True for n in range(own_rules)}
    rego.add_data_json(json.dumps({"blocked": blocked}))
    bundle = rego.build("data.images.allow")

    def decide(image: str, category: str) -> bool:
        namespace = image.rpartition("/")[0]
        rego.set_input(Input({"role": "member", "category": category, "namespace": namespace}))
        return str(rego.query_bundle(bundle)) == '{"expressions":[true]}'

    return decide
