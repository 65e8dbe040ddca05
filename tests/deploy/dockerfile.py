"""Reads the Dockerfile into its instructions, as far as ours goes."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Instruction:
    keyword: str
    arguments: str

    def command(self) -> list[str]:
        """The arguments of a CMD in its JSON form."""
        words: list[str] = json.loads(self.arguments.removeprefix("CMD "))
        return words


@dataclass(frozen=True, slots=True)
class Stage:
    base: str
    instructions: tuple[Instruction, ...]

    def all(self, keyword: str) -> list[Instruction]:
        return [each for each in self.instructions if each.keyword == keyword]

    def only(self, keyword: str) -> Instruction:
        (instruction,) = self.all(keyword)
        return instruction

    def environment(self) -> dict[str, str]:
        pairs = (
            word.split("=", 1) for each in self.all("ENV") for word in shlex.split(each.arguments)
        )
        return dict(pairs)


def read_stages(dockerfile: Path) -> list[Stage]:
    text = re.sub(r"^\s*#.*\n", "", dockerfile.read_text(), flags=re.MULTILINE)
    stages: list[tuple[str, list[Instruction]]] = []
    for line in text.replace("\\\n", " ").splitlines():
        keyword, _, rest = line.strip().partition(" ")
        if keyword == "FROM":
            stages.append((rest.partition(" ")[0], []))
        elif keyword:
            words = rest
            while words.startswith("--") and keyword == "HEALTHCHECK":
                words = words.partition(" ")[2].strip()
            stages[-1][1].append(Instruction(keyword, words.strip()))
    return [Stage(base, tuple(instructions)) for base, instructions in stages]
