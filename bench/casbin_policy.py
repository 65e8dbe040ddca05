"""The policy of bench/decide.py in Casbin's words: rules D5 to D10, the first that matches wins."""

from collections.abc import Callable

import casbin

MODEL = """
[request_definition]
r = sub, image, category

[policy_definition]
p = sub, image, category, eft

[role_definition]
g = _, _

[policy_effect]
e = priority(p.eft) || deny

[matchers]
m = g(r.sub, p.sub) && (p.category == "*" || r.category == p.category) && keyMatch(r.image, p.image)
"""


def decider(own_rules: int) -> Callable[[str, str], bool]:
    """Return Casbin with the same organization, the same member and as many blocks."""
    model = casbin.Model()
    model.load_model_from_text(MODEL)
    policy = casbin.Enforcer(model, casbin.persist.Adapter())
    policy.add_grouping_policies([("mel", "member"), ("olivia", "owner")])
    policy.add_policies(
        [
            ("owner", "*", "*", "allow"),
            ("member", "*", "organization", "allow"),
            *(("member", f"docker.io/blocked{n}/*", "*", "deny") for n in range(own_rules)),
            ("member", "*", "official", "allow"),
            ("member", "*", "verified_publisher", "allow"),
            ("member", "*", "*", "deny"),
        ]
    )
    return lambda image, category: bool(policy.enforce("mel", image, category))
