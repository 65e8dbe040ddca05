"""A request's headers, as they stand in a WSGI environ."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar, overload

T = TypeVar("T")

_PREFIX = "HTTP_"
_UNPREFIXED = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


class Headers(Mapping[str, str]):
    """Header values by lower-case name; nothing is copied, as most are never looked at."""

    __slots__ = ("_environ",)

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ[_variable(name)]
        return value

    @overload
    def get(self, name: str, /) -> str | None: ...
    @overload
    def get(self, name: str, default: str, /) -> str: ...
    @overload
    def get(self, name: str, default: T, /) -> str | T: ...
    def get(self, name: str, default: Any = None, /) -> Any:
        return self._environ.get(_variable(name), default)

    def all_of(self, names: tuple[str, ...], absent: str) -> list[str]:
        """The values of these headers in order, `absent` for each that isn't there."""
        environ = self._environ
        return [environ.get(variable, absent) for variable in _variables(names)]

    def only(self, names: tuple[str, ...]) -> "Headers":
        """The headers of these names that are there."""
        environ = self._environ
        return Headers({name: environ[name] for name in _variables(names) if name in environ})

    def __iter__(self) -> Iterator[str]:
        for variable in self._environ:
            if variable.startswith(_PREFIX):
                yield variable.removeprefix(_PREFIX).replace("_", "-").lower()
            elif variable in _UNPREFIXED:
                yield _UNPREFIXED[variable]

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache
def _variables(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_variable, names))


@lru_cache
def _variable(name: str) -> str:
    variable = name.upper().replace("-", "_")
    return variable if variable in _UNPREFIXED else _PREFIX + variable
