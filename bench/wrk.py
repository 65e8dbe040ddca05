"""Load by wrk, from a core of its own: requests per second and how long they took."""

import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.machine import ON_LOAD_CORE

# The requests take turns. What wrk prints for people is thrown away; the last line is for us.
SCRIPT = """
local bodies = {bodies}
local paths = {paths}
local number = 0
wrk.method = "{method}"
{headers}
request = function()
  number = number + 1
  return wrk.format(nil, paths[number % #paths + 1], nil, bodies[number % #bodies + 1])
end
delay = function() return {delay} end
done = function(summary, latency)
  local errors = summary.errors
  print(string.format(
    '{{"requests": %d, "microseconds": %d, "p50": %d, "p99": %d, "p999": %d, "wrong": %d}}',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    latency:percentile(99.9),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
"""


@dataclass(frozen=True)
class Requests:
    """What is asked: paths and bodies, which take turns, and headers."""

    url: str
    paths: Sequence[str] = ("/",)
    bodies: Sequence[str] = ()
    headers: Mapping[str, str] | None = None

    @property
    def method(self) -> str:
        return "POST" if self.bodies else "GET"


@dataclass(frozen=True)
class Load:
    """How a server did: requests per second, and milliseconds."""

    per_second: float
    p50: float
    p99: float
    p999: float


def load(
    requests: Requests, *, seconds: float, connections: int = 32, per_second: float | None = None
) -> Load:
    """Ask for a while; as fast as answers come, or about as often as `per_second` says.

    Raises `AssertionError` if a single answer was an error: a refusal that is fast is no figure.
    """
    delay = 0 if per_second is None else round(connections / per_second * 1000)
    script = SCRIPT.format(
        method=requests.method,
        bodies=_table(requests.bodies or [""]),
        paths=_table(requests.paths),
        headers="\n".join(
            f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}"
            for name, value in (requests.headers or {}).items()
        ),
        delay=delay,
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        Path(file.name).write_text(script)
        command = ["wrk", "--threads", "1", "--connections", str(connections)]
        command += ["--duration", f"{seconds:.0f}s", "--timeout", "10s", "--script", file.name]
        printed = subprocess.run(
            [*ON_LOAD_CORE, *command, requests.url], capture_output=True, text=True, check=True
        ).stdout
    found = json.loads(printed.strip().splitlines()[-1])
    assert found["wrong"] == 0, f"{found['wrong']} answers of {requests.url} were errors"
    return Load(
        per_second=found["requests"] / found["microseconds"] * 1e6,
        p50=found["p50"] / 1000,
        p99=found["p99"] / 1000,
        p999=found["p999"] / 1000,
    )


def _table(texts: Sequence[str]) -> str:
    # JSON's strings are Lua's, as long as nothing is outside ASCII.
    return "{" + ", ".join(json.dumps(text) for text in texts) + "}"
