"""What an option is, for the command line, the ini file and ``--help``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Option:
    """An option ``--quant-NAME`` with the ini twin ``quant_NAME`` of the given ini type.

    ``flag_value`` is the value of the option without a value; without a ``metavar`` it takes none.
    """

    name: str
    ini_type: Literal["string", "linelist", "int", "float", "bool"] | None
    metavar: str
    help: str
    default: str
    action: str = "store"
    flag_value: str | None = None

    @property
    def flag(self) -> str:
        return f"--quant-{self.name}"

    @property
    def key(self) -> str:
        return f"quant_{self.name.replace('-', '_')}"

    @property
    def form(self) -> dict[str, Any]:
        """How the command line reads it, in argparse's words."""
        if not self.metavar:
            return {"action": "store_const", "const": self.flag_value}
        optional = {"nargs": "?", "const": self.flag_value} if self.flag_value else {}
        return {"action": self.action, "metavar": self.metavar, **optional}
