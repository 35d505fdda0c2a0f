"""The kinds that ship, as they are registered; each loads when it is first used.

Their options stand in the schema of probe files, which editors read.
"""

from __future__ import annotations

import json

from pytest_quant.base.library import PROBE_SCHEMA
from pytest_quant.checkers.checker import Checker

_OPTIONS = json.loads(PROBE_SCHEMA.read_text("utf-8"))["$defs"]
_CLOSENESS = ("places", "significant", "tolerance")

CHOICE = Checker("pytest_quant.checkers.choice:check", _OPTIONS["choice"], choices="options")
CODE = Checker(
    "pytest_quant.checkers.code:check",
    _OPTIONS["code"],
    prepare="pytest_quant.checkers.code:prepare",
)
CONSTRAINTS = Checker("pytest_quant.checkers.constraints:check", _OPTIONS["constraints"])
EXPRESSION = Checker("pytest_quant.checkers.expression:check", _OPTIONS["expression"])
INDUCTION = Checker("pytest_quant.checkers.induction:check", _OPTIONS["induction"])
ITEMS = Checker("pytest_quant.checkers.items:check", _OPTIONS["items"])
NUMERIC = Checker(
    "pytest_quant.checkers.numeric:check",
    _OPTIONS["numeric"],
    expects="expression",
    expressions=("formulas",),
    one_of=_CLOSENESS,
)
QUANTITIES = Checker(
    "pytest_quant.checkers.quantities:check",
    _OPTIONS["quantities"],
    expects="expressions",
    expressions=("formulas", "also"),
    one_of=_CLOSENESS,
)
SEQUENCE = Checker(
    "pytest_quant.checkers.sequence:check", _OPTIONS["sequence"], one_of=("places", "tolerance")
)
STRUCTURED = Checker("pytest_quant.checkers.structured:check", _OPTIONS["structured"])
TEXT = Checker("pytest_quant.checkers.text:check", _OPTIONS["text"])
TOOL_CALLS = Checker("pytest_quant.checkers.tool_calls:check", _OPTIONS["tool_calls"])
