"""The table of a registry's requests, and what holds for every text."""

from contextlib import suppress
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permissions.core.reference import path_problem
from registries.registry_request import RegistryRequest, Unreadable, read_path, read_target
from tests.permissions.core.strategies import steady
from tests.permissions.core.tables import rows

READ = rows("registry_requests.md", "method")
REFUSED = rows("registry_requests.md", "refused")
DIGEST = "sha256:" + "0" * 64
FORMS = ("application/x-www-form-urlencoded", "Multipart/Form-Data; boundary=x", "x,a/form-data")

targets = st.one_of(
    st.text(),
    st.text("/v2acme%25fF.manifestsblobsuploadstagslist?&=from;\\\x00é", max_size=60),
    st.lists(
        st.sampled_from(
            ["v2", "acme", "app", "manifests", "blobs", "uploads", "tags", "list", "..", "%2e", ""]
        )
    ).map(lambda parts: "/" + "/".join(parts)),
)


def _filled(text: str) -> str:
    text = "" if text == "-" else text
    return (
        text.replace("=digest", f"={DIGEST}")
        .replace("/digest", f"/{DIGEST}")
        .replace("@digest", f"@{DIGEST}")
    )


def _expected(case: dict[str, str]) -> RegistryRequest:
    columns = ("action", "repository", "reference", "taken from", "upstream")
    return RegistryRequest(*(_filled(case[column]) for column in columns))


@pytest.mark.parametrize("case", READ, ids=lambda c: f"{c['method']} {c['target']}")
def test_read(case: dict[str, str]) -> None:
    assert read_target(case["method"], _filled(case["target"])) == _expected(case)


@pytest.mark.parametrize("case", READ, ids=lambda c: f"{c['method']} {c['target']}")
def test_a_path_that_was_decoded_already_reads_the_same(case: dict[str, str]) -> None:
    path, _, query = _filled(case["target"]).partition("?")
    assert read_path(case["method"], unquote(path), query) == _expected(case)


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c["why"])
def test_refused(case: dict[str, str]) -> None:
    with pytest.raises(Unreadable) as refusal:
        read_target(case["refused"], _filled(case["target"]))
    assert case["part"] in str(refusal.value)
    assert str(refusal.value).isascii()
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "path", ["/v2/acme%2fapp/manifests/latest", "/v2/acme/../b/manifests/x", "/v2/ä/tags/list"]
)
def test_a_decoded_path_is_never_decoded_again(path: str) -> None:
    with pytest.raises(Unreadable):
        read_path("GET", path, "")


@pytest.mark.parametrize("content_type", FORMS)
def test_an_upload_never_begins_with_a_form_that_could_name_another_source(
    content_type: str,
) -> None:
    with pytest.raises(Unreadable, match="form"):
        read_target("POST", "/v2/acme/app/blobs/uploads/", content_type)
    assert read_target("POST", "/v2/acme/app/blobs/uploads/", "application/json").action == "push"


@steady
@given(st.sampled_from(["GET", "PUT", "POST", "DELETE", "PATCH"]), targets)
def test_no_text_raises_anything_else_and_what_is_read_is_a_plain_name(
    method: str, target: str
) -> None:
    with suppress(Unreadable):
        read = read_target(method, target)
        for name in (read.repository, read.mounted_from):
            assert name == "" or path_problem(name) is None
        assert read.repository or read.action in ("ping", "catalog")
        assert read.repository in unquote(target)
