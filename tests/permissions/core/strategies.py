"""What Hypothesis makes up: texts near and far from references, and the facts around them."""

from hypothesis import settings
from hypothesis import strategies as st

steady = settings(deadline=None)
"""For properties: a busy machine is no reason to fail."""

_component = st.from_regex(r"[a-z0-9]{1,4}((__|[._]|-{1,3})[a-z0-9]{1,3}){0,2}", fullmatch=True)
_host = st.one_of(
    st.sampled_from(["docker.io", "index.docker.io", "Docker.IO:443", "localhost", "a.example"]),
    st.from_regex(r"[A-Za-z0-9]{1,3}(\.[A-Za-z0-9]{1,3}){1,2}(:[0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"\[[a-f0-9:]{0,4}:[a-f0-9:]{0,4}\](:[0-9]{1,4})?", fullmatch=True),
)
_tag = st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,7}", fullmatch=True)
_digest = st.sampled_from([f"@sha256:{'a' * 64}", f"@sha384:{'0' * 96}", f"@sha512:{'f' * 128}"])
_path = st.lists(_component, min_size=1, max_size=4).map("/".join)
_well_known = st.sampled_from(["nginx", "acme/app", "globex/app", "grafana/loki", "acmefoo/app"])

references = st.builds(
    lambda host, path, tag, digest: f"{host}{path}{tag}{digest}",
    st.one_of(st.just("docker.io/"), _host.map(lambda host: f"{host}/")),
    st.one_of(_path, _well_known),
    st.one_of(st.just(""), _tag),
    st.one_of(st.just(""), _digest),
)
"""Texts that are references."""


def _damaged(text: str, at: int, put: str) -> str:
    place = at % (len(text) + 1)
    return text[:place] + put + text[place + 1 :]


_punctuation = st.text("aZ09._-/:@[]%\\ \n\x00\u0430", max_size=3)

texts = st.one_of(
    st.text(),
    st.text("ab0A._-:/@[]", max_size=12),
    st.text(st.characters(codec=None, exclude_categories=())),
    references,
    st.builds(_damaged, references, st.integers(0, 200), _punctuation),
)
"""Any text at all, most of it near a reference."""
