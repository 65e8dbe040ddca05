"""The PowerShell scripts: there is no PowerShell here to run them, so they are read.

A grammar of the language parses them, and what they must hold to is looked up in the tree.
"""

import re
from collections.abc import Iterator

import pytest
import tree_sitter
import tree_sitter_pwsh

from enforcement.artefacts import artefact
from enforcement.artefacts.platforms import platforms
from enforcement.artefacts.windows import powershell_string
from tests.enforcement.golden import CASES

SCRIPTS = ("enforce-windows.ps1", "verify-windows.ps1")
every_script = pytest.mark.parametrize("name", SCRIPTS)
ADMINISTRATORS, SYSTEM, USERS = "BA", "SY", "BU"


def tree(source: bytes) -> tree_sitter.Node:
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_pwsh.language()))
    return parser.parse(source).root_node


def nodes(node: tree_sitter.Node, kind: str) -> Iterator[tree_sitter.Node]:
    if node.type == kind:
        yield node
    for child in node.children:
        yield from nodes(child, kind)


def texts(node: tree_sitter.Node, kind: str) -> list[str]:
    return [found.text.decode() for found in nodes(node, kind) if found.text]


@every_script
@pytest.mark.parametrize("case", CASES)
def test_it_is_powershell(name: str, case: str) -> None:
    assert not tree(artefact(name, CASES[case]).body).has_error


def test_the_grammar_would_notice() -> None:
    assert tree(b"if ($true) {").has_error


@every_script
def test_windows_powershell_reads_it(name: str) -> None:
    """Windows PowerShell takes a script without a byte order mark for the machine's code page."""
    source = artefact(name, ["acme"]).body.decode("ascii")
    assert source.startswith("#Requires -Version 5.1\r\n")
    assert source.count("\n") == source.count("\r\n")
    # What came only after 5.1.
    root = tree(source.encode())
    for newer in ("ternary_expression", "pipeline_chain_tail", "null_coalesce_expression"):
        assert not list(nodes(root, newer))
    assert not re.search(r"\?\?|&&|\|\||-AsHashtable|-Parallel", source)


@every_script
def test_every_function_it_calls_is_there(name: str) -> None:
    root = tree(artefact(name, ["acme"]).body)
    defined = set(texts(root, "function_name"))
    called = set(texts(root, "command_name"))
    assert len(defined) > 3
    assert called - defined <= BUILT_IN
    assert defined <= called


BUILT_IN = {
    "ConvertTo-Json",
    "ForEach-Object",
    "Get-Acl",
    "Get-Content",
    "Get-Item",
    "Invoke-RestMethod",
    "Join-Path",
    "Move-Item",
    "New-Item",
    "New-ItemProperty",
    "New-Object",
    "Remove-Item",
    "Remove-ItemProperty",
    "Set-Acl",
    "Set-StrictMode",
    "Sort-Object",
    "Split-Path",
    "Test-Path",
    "Write-Output",
}


@every_script
def test_every_variable_it_reads_is_set(name: str) -> None:
    """In strict mode one that isn't would end the script."""
    source = artefact(name, ["acme"]).body
    read = {
        text.lower().removeprefix("$").split(":")[-1] for text in texts(tree(source), "variable")
    }
    text = source.decode().lower()
    for variable in read - {"_", "true", "false", "null", "programdata"}:
        is_set = (
            rf"\$(?:script:)?{variable} *\+?= ",  # an assignment
            rf"\[[a-z.\[\]]+\] *\${variable}\b",  # a parameter, or an assignment, with its type
            rf"foreach \(\${variable} in",
            rf"param\(\${variable}\b|param\([^)]*, \${variable}\b",
        )
        assert any(re.search(pattern, text) for pattern in is_set), variable


@every_script
@pytest.mark.parametrize("organizations", [["acme"], ["globex", "acme-at-hub", "big_bank"]])
def test_it_is_for_these_organizations(name: str, organizations: list[str]) -> None:
    root = tree(artefact(name, organizations).body)
    (array, *_) = texts(root, "array_expression")
    assert array == "@('" + "', '".join(organizations) + "')"


def test_the_file_it_writes_is_the_one_to_download() -> None:
    source = artefact("enforce-windows.ps1", ["globex", "acme"]).body.decode()
    json = artefact("registry.json", ["globex", "acme"]).body.decode()
    assert f"$Json = '{json}'\r\n" in source
    assert "UTF8Encoding($false)" in source  # no byte order mark


@every_script
def test_s8_it_is_about_the_key_of_the_registration_file(name: str) -> None:
    key = artefact("docker-desktop.reg", ["acme"]).body.decode("utf-16").split("\r\n")[2]
    assert f"$Key = 'Registry::{key.strip('[]')}'\r\n" in artefact(name, ["acme"]).body.decode()


def test_only_administrators_and_system_may_write_what_it_protects() -> None:
    source = artefact("enforce-windows.ps1", ["acme"]).body.decode()
    assert '"O:BAD:P$Rules"' in source  # owned by administrators, nothing inherited
    lists = re.findall(r"'((?:\([^']*\))+)'", source)
    assert len(lists) == 3  # the key, the folder, the file
    for rules in lists:
        rights = {
            who: what for _, _, what, _, _, who in (r.split(";") for r in rules[1:-1].split(")("))
        }
        assert rights.keys() == {ADMINISTRATORS, SYSTEM, USERS}
        assert rights[ADMINISTRATORS] == rights[SYSTEM]
        assert rights[SYSTEM] in ("FA", "KA")  # everything
        assert rights[USERS] in ("0x1200a9", "KR")  # read, and list or run


def test_exit_codes_are_those_it_documents() -> None:
    source = artefact("enforce-windows.ps1", ["acme"]).body.decode()
    assert set(re.findall(r"^ *exit (\S+)", source, re.MULTILINE)) == {"0", "1", "3"}
    source = artefact("verify-windows.ps1", ["acme"]).body.decode()
    assert set(re.findall(r"^ *exit (\S+)", source, re.MULTILINE)) == {"1", "$script:Status"}
    assert set(re.findall(r"Write-Problem (\d)", source)) == {"2", "3", "4"}


def test_names_are_quoted_though_they_can_hold_nothing_that_needs_it() -> None:
    assert powershell_string("it's $(here)") == "'it''s $(here)'"


def test_the_lines_to_type_are_powershell() -> None:
    shown = platforms(["globex", "acme"])[0]
    steps = [one for way in shown.ways for one in way.steps] + [*shown.verify, *shown.undo]
    lines = [command.text for one in steps if "PowerShell" in one.shell for command in one.commands]
    assert len(lines) > 8
    for line in lines:
        assert not tree(line.encode()).has_error, line
