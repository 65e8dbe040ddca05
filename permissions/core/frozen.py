"""Frozen values of which every decision makes several."""

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar, dataclass_transform

ValueT = TypeVar("ValueT")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def made_often(cls: type[ValueT]) -> type[ValueT]:
    """Make a class a frozen dataclass with slots whose values are made twice as fast.

    The one that `dataclass` writes finds its way around its own guard anew for each field, which
    would take longer than the decision. This one fills the slots themselves.
    """
    frozen: Any = dataclass(frozen=True, slots=True)(cls)
    given = [each for each in fields(frozen) if each.init]
    known = {f"_default_{each.name}": each.default for each in given}
    known |= {f"_fill_{each.name}": getattr(frozen, each.name).__set__ for each in given}
    parameters = [
        each.name if each.default is MISSING else f"{each.name}=_default_{each.name}"
        for each in given
    ]
    lines = [f"_fill_{each.name}(self, {each.name})" for each in given]
    if hasattr(frozen, "__post_init__"):
        lines.append("self.__post_init__()")
    # As `dataclass` itself does: from the names of fields, which are our own.
    exec(f"def __init__(self, {', '.join(parameters)}): {'; '.join(lines)}", known)  # noqa: S102
    frozen.__init__ = known["__init__"]
    return frozen  # type: ignore[no-any-return]  # a class that was made while running
