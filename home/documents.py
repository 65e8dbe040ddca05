"""The documentation in `docs/` as pages of the site: Markdown becomes HTML that our policy allows.

Links between documents become links between their pages; what they refer to outside of `docs/` is
not served, and so is no link.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any

from django.conf import settings
from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

ROOT: Path = settings.BASE_DIR / "docs"
PICTURES = "images"
ELSEWHERE = ("https://", "http://", "mailto:")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading below the title; `anchor` is what stands behind # in links, as GitHub makes it."""

    level: int
    anchor: str
    title: str


@dataclass(frozen=True, slots=True)
class Document:
    title: str
    html: SafeString
    sections: tuple[Section, ...]

    @property
    def contents(self) -> list[Section]:
        """The sections that its table of contents lists."""
        return [section for section in self.sections if section.level == 2]


@cache
def files() -> dict[str, Path]:
    """Every document by its name in addresses; that of a folder is its README."""
    return {_name(path.relative_to(ROOT).as_posix()): path for path in sorted(ROOT.rglob("*.md"))}


@cache
def document(name: str) -> Document | None:
    """The document of this name, or None."""
    path = files().get(name)
    if path is None:
        return None
    tokens = _markdown.parse(path.read_text(encoding="utf-8"))
    title, *sections = _headings(tokens)
    folder = path.relative_to(ROOT).parent
    _label_cells(tokens)
    for token in _inline(tokens):
        _lead_somewhere(token, PurePosixPath(folder.as_posix()))
    html = _markdown.renderer.render(tokens, _markdown.options, {})
    # Made from our own files alone, with HTML in them switched off.
    return Document(title.title, mark_safe(html), tuple(sections))  # noqa: S308


class _Renderer(RendererHTML):
    """What is wider than the page scrolls by itself, by keyboard too."""

    def table_open(self, tokens: Sequence[Token], index: int, *rest: Any) -> str:
        return (
            '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table class="table">'
        )

    def table_close(self, tokens: Sequence[Token], index: int, *rest: Any) -> str:
        return "</table></div>"

    def image(self, tokens: Sequence[Token], index: int, *rest: Any) -> str:
        drawn = super().image(tokens, index, *rest)
        dark = tokens[index].meta.get("dark")
        if not dark:
            return drawn
        source = f'<source srcset="{dark}" media="(prefers-color-scheme: dark)">'
        return f"<picture>{source}{drawn}</picture>"

    def fence(self, tokens: Sequence[Token], index: int, *rest: Any) -> str:
        code = self.code_block(tokens, index, *rest)
        return code.replace("<pre", '<pre tabindex="0"', 1)


_markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")


def _headings(tokens: Sequence[Token]) -> Iterator[Section]:
    """The headings in order, each given the id that links to it name."""
    seen: Counter[str] = Counter()
    for heading, content in pairwise(tokens):
        if heading.type == "heading_open":
            title = _text(content)
            anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
            seen[anchor] += 1
            if seen[anchor] > 1:
                anchor += f"-{seen[anchor] - 1}"
            heading.attrSet("id", anchor)
            yield Section(int(heading.tag[1:]), anchor, title)


def _label_cells(tokens: Sequence[Token]) -> None:
    """Let each cell of a table say its column's name: on a phone a row is a block."""
    names: list[str] = []
    column = 0
    for token, content in pairwise(tokens):
        match token.type:
            case "table_open":
                names = []
            case "th_open":
                names.append(_text(content))
            case "tr_open":
                column = 0
            case "td_open":
                token.attrSet("data-label", names[column])
                column += 1


def _text(inline: Token) -> str:
    return "".join(part.content for part in inline.children or ())


def _inline(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield from token.children or ()


def _lead_somewhere(token: Token, folder: PurePosixPath) -> None:
    """Make a link or a picture of a document lead to where the site has it."""
    if token.type == "image":
        path = PurePosixPath(normpath(folder / str(token.attrs["src"]))).relative_to(PICTURES)
        token.attrSet("src", static(f"docs/{path}"))
        token.attrSet("loading", "lazy")
        dark = path.with_stem(f"{path.stem}-dark")
        if (ROOT / PICTURES / dark).exists():
            token.meta["dark"] = static(f"docs/{dark}")
    elif token.type == "link_open":
        address = _address(str(token.attrs["href"]), folder)
        token.attrs = {"href": address} if address else {}


def _address(link: str, folder: PurePosixPath) -> str | None:
    if link.startswith(ELSEWHERE):
        return link
    path, _, anchor = link.partition("#")
    if not path:
        return link
    name = _name(normpath(folder / path))
    if name not in files():
        return None
    return address_of(name, anchor)


def address_of(name: str, anchor: str = "") -> str:
    """Where the site has a document, or a section of it."""
    page = reverse("document", args=[name]) if name else reverse("documentation")
    return f"{page}#{anchor}" if anchor else page


def _name(path: str) -> str:
    return re.sub(r"(^|/)README$", "", path.removesuffix(".md"))
