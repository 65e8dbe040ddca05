"""Every artefact as it must be, to the byte.

`python -m tests.enforcement.golden` writes the files anew; the difference is then for a reviewer.
"""

from pathlib import Path

from enforcement.artefacts import NAMES, artefact

FOLDER = Path(__file__).parent / "golden"
# What is in a folder of `golden/` is for these organizations, in this order.
CASES = {"one": ("acme",), "several": ("globex", "acme-at-hub", "big_bank")}


def write() -> None:
    for case, organizations in CASES.items():
        (FOLDER / case).mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            (FOLDER / case / name).write_bytes(artefact(name, organizations).body)


if __name__ == "__main__":
    write()
