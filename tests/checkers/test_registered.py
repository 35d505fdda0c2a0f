"""Kinds of check that other packages bring: validated, used, and told by name when they break."""

from __future__ import annotations

import json
import textwrap
import zlib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.packages import Packages

from pytest_quant.base.library import PROBE_SCHEMA
from pytest_quant.checkers import CHECKERS, allowed_options, check, outcome_of
from pytest_quant.errors import CheckerBroken, QuantUsageError
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes

# A kind that looks at the first word, with an option.
STARTS = """
    from pytest_quant.checkers.checker import Checker
    from pytest_quant.checkers.outcome import Outcome

    def check(text, expected, *, prompt, truncated, upper=False):
        first = text.split()[0] if text.split() else ""
        if upper:
            first = first.upper()
        if first == expected:
            return Outcome("correct", first, "", "it does")
        return Outcome("incorrect", first, "wrong start", f"starts with {first!r}")

    IT = Checker(check, {"properties": {"upper": {"type": "boolean"}}})
"""
FILE = """
    category: real_world
    probes:
      - id: greeting
        subcategory: words
        difficulty: 1
        prompt: "Say hello to {name}."
        parameters:
          name: {choice: [Ann, Bo, Cy, Di]}
        expect: HELLO
        cases: 4
        check: {kind: starts, upper: true}
"""


def bring(packages: Packages, code: str, name: str = "starts") -> None:
    """Register a kind. What was loaded once stays loaded: each has a module of its own."""
    code = textwrap.dedent(code)
    module = f"toy_{zlib.crc32(code.encode()):x}"
    packages.install("toy", CHECKERS.group, {name: f"{module}:IT"}, module, code)


def read(path: Path, *changes: tuple[str, str]) -> tuple[Probe, ...]:
    text = textwrap.dedent(FILE)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.joinpath("p.yaml").write_text(text)
    from pytest_quant.probes import schema

    # It holds what was registered when it was first used.
    schema._validator.cache_clear()
    try:
        return read_probes(path / "p.yaml", "p.yaml")
    finally:
        schema._validator.cache_clear()


def test_it_is_used_like_any_other(packages: Packages) -> None:
    bring(packages, STARTS)
    known = {"prompt": "Say hello.", "truncated": False}
    assert check("starts", "HELLO you", "HELLO", **known).correct
    assert outcome_of("starts", "hello you", "HELLO", **known, upper=True).correct
    assert check("starts", "Bye", "HELLO", **known).pattern == "wrong start"
    assert allowed_options("starts") == ("prompt", "truncated", "upper")
    with pytest.raises(TypeError, match="'starts' has no option 'lower'; it takes: prompt, tr"):
        check("starts", "x", "y", lower=True)


def test_a_probe_file_may_name_it_with_its_options(packages: Packages, tmp_path: Path) -> None:
    bring(packages, STARTS)
    (probe,) = read(tmp_path)
    assert (probe.check, probe.check_options) == ("starts", {"upper": True})
    assert [case.expected for case in draw_cases(probe, 2)] == ["HELLO", "HELLO"]


def test_one_that_chooses_says_what_guessing_brings(packages: Packages, tmp_path: Path) -> None:
    code = STARTS.replace('"boolean"}}})', '"array"}}}, choices="upper")')
    assert code != STARTS
    bring(packages, code)
    (probe,) = read(tmp_path, ("upper: true", "upper: [a, b, c, d], by: likelihood"))
    assert (probe.chance, probe.by) == (0.25, "likelihood")
    assert probe.check_options == {"upper": ["a", "b", "c", "d"]}


def test_the_whole_schema_has_its_options_for_editors(packages: Packages) -> None:
    from pytest_quant.probes.schema import whole_schema

    published = json.loads(PROBE_SCHEMA.read_text("utf-8"))
    assert whole_schema()["$defs"] == published["$defs"] | {
        "probe": whole_schema()["$defs"]["probe"]
    }
    bring(packages, STARTS)
    validator = Draft202012Validator(whole_schema())
    probe = {
        "id": "a",
        "subcategory": "b",
        "difficulty": 1,
        "prompt": "c",
        "expect": "d",
        "generator": "e.f",
        "check": {"kind": "starts", "upper": True},
    }
    assert validator.is_valid({"category": "real_world", "probes": [probe]})
    probe["check"] = {"kind": "starts", "lower": True}
    assert not validator.is_valid({"category": "real_world", "probes": [probe]})
    probe["check"] = {"kind": "numeric", "places": 2}
    assert validator.is_valid({"category": "real_world", "probes": [probe]})


def test_numbers_and_formulas_are_worked_out_for_it(packages: Packages, tmp_path: Path) -> None:
    code = STARTS.replace('"boolean"}}', '"object"}}').replace(
        "Checker(check, ", "Checker(check, expects='expression', expressions=('upper',), schema="
    )
    bring(packages, code)
    number = ("name: {choice: [Ann, Bo, Cy, Di]}", "name: {integer: [1, 9]}")
    formula = ("upper: true", "upper: {twice: 2 * name}")
    (probe,) = read(tmp_path, number, ("expect: HELLO", "expect: name / 2"), formula)
    for case in draw_cases(probe, 4):
        assert case.options["upper"]["twice"] == 4 * case.expected
    with pytest.raises(QuantUsageError, match=r"found the unknown name 'nme'\nexpected: one of"):
        read(tmp_path, number, ("expect: HELLO", "expect: nme / 2"), formula)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ("upper: true", "uper: true"),
            "p.yaml:12: field 'probes[0].check.uper': found an unknown field (did you mean "
            "'upper'?)\nexpected: one of kind, upper",
        ),
        (
            ("upper: true", "upper: 3"),
            "p.yaml:12: field 'probes[0].check.upper': found 3\nexpected: true or false",
        ),
        (
            ("kind: starts", "kind: start"),
            "p.yaml:12: field 'probes[0].check.kind': found \"start\" (did you mean 'starts'?)\n"
            "expected: one of choice, code, constraints, expression, induction, items, numeric, "
            "quantities, sequence, starts, structured, text, tool_calls",
        ),
    ],
)
def test_a_mistake_in_its_options_is_told_like_any_other(
    packages: Packages, tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    bring(packages, STARTS)
    with pytest.raises(QuantUsageError) as caught:
        read(tmp_path, change)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ("{'const': 3}", "4", "const: 3"),
        ("{'not': {'type': 'integer'}}", "4", 'not: {"type": "integer"}'),
        ("{'enum': [1, 2]}", "4", "one of 1, 2"),
        ("{'multipleOf': 3}", "4", "a multiple of 3"),
        ("{'exclusiveMinimum': 4}", "4", "more than 4"),
        ("{'oneOf': [{'minimum': 1}, {'minimum': 2}]}", "4", "oneOf: "),
        ("{'type': ['null', 'string']}", "4", "null or text (in quotes)"),
        ("{'type': 'string', 'pattern': 'b+'}", "a", "text that matches b+"),
        ("False", "4", "nothing here: the schema refuses it"),
        ("{'$ref': '#/$defs/phrases'}", "4", "text (in quotes) or a list"),
        ("{'type': 'object', 'patternProperties': {'a': True}, 'additionalProperties': False}",
         "{b: 1}", "one of "),
    ],
)  # fmt: skip
def test_whatever_a_schema_demands_is_told_in_words(
    packages: Packages, tmp_path: Path, schema: str, value: str, expected: str
) -> None:
    bring(packages, STARTS.replace("{'type': 'boolean'}", schema).replace(
        '{"type": "boolean"}', schema))  # fmt: skip
    with pytest.raises(QuantUsageError, match=r"^p.yaml:12: field 'probes\[0\].check") as e:
        read(tmp_path, ("upper: true", f"upper: {value}"))
    assert f"expected: {expected}" in str(e.value)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("Checker(check, ", "dict(a=", "found an object of type dict, expected a pytest_quant.Ch"),
        ('"boolean"', '"bolean"', "its schema cannot be used: SchemaError: 'bolean' is not valid"),
        ('{"type": "boolean"}', '{"$ref": "#/$defs/no"}', "its schema cannot be used: "),
        ('{"type": "boolean"}', '{"pattern": "("}', "its schema cannot be used: "),
        ('"upper":', '"prompt":', "its option 'prompt' has the name of something else"),
        ('"upper":', '"lower":', "its function does not take 'lower'"),
        ("prompt, truncated, ", "truncated, ", "its function does not take 'prompt'"),
        ("Checker(check, ", "Checker('toy_no:check', ", "toy_no:check cannot be loaded: ModuleNot"),
        ("Checker(check, ", "Checker(3, ", "3 is no function"),
        ("boolean\"}}", "boolean\"}}, }, expects='sum'", "it expects 'sum'"),
        ("boolean\"}}", "boolean\"}}, }, one_of=('x',)", "its schema has no option 'x'"),
    ],
)  # fmt: skip
def test_a_kind_that_is_none_is_told_with_its_package(
    packages: Packages, tmp_path: Path, old: str, new: str, what: str
) -> None:
    assert old in STARTS
    code = STARTS.replace(old, new)
    if new.startswith('boolean"}}, }'):
        code = STARTS.replace('"boolean"}}})', f'"boolean"}}}}}}, {new.partition("}, }, ")[2]})')
    bring(packages, code)
    with pytest.raises(QuantUsageError) as caught:
        given = 'upper: "("' if "pattern" in new else "lower: true" if "lower" in new else ""
        (probe,) = read(tmp_path, *([("upper: true", given)] if given else []))
        outcome_of(probe.check, "x", "y", prompt="", truncated=False)
    assert str(caught.value).startswith("checker 'starts' of toy 1.0: toy_")
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("returned", "what"),
    [
        ("1 / 0", r"raised ZeroDivisionError: division by zero \(toy_.*.py:\d+\)"),
        ("{}['x']", "raised KeyError: 'x'"),
        ("(_ for _ in ()).throw(SystemExit(3))", "raised SystemExit: 3"),
        ("(_ for _ in ()).throw(RuntimeError('no'))", "raised RuntimeError: no"),
        # They are no errors to Python, and would leave the probe out.
        ("__import__('pytest').skip('no')", "raised Skipped: no"),
        ("__import__('pytest').xfail('no')", "raised XFailed: no"),
        ("__import__('pytest').exit('no', 0)", "raised Exit: no"),
        ("None", "returned an object of type NoneType, expected an Outcome"),
        ("Outcome('right', '', '', '')", "returned the verdict 'right'; there are: correct, inc"),
        ("Outcome(['x'], '', '', '')", r"returned the verdict \['x'\]; there are: correct, inc"),
        ("Outcome('incorrect', '', '', '')", "'incorrect' with the pattern ''"),
        ("Outcome('incorrect', '', 'correct', '')", "'incorrect' with the pattern 'correct'"),
        ("Outcome('correct', '', 'typo', '')", "'correct' with the pattern 'typo'"),
        ("Outcome('correct', 3, '', '')", "an Outcome whose answer, pattern or reason is no text"),
        ("Outcome('correct', '', '', '', 2, 1)", "says that 2 of 1 instructions were kept"),
        ("Outcome('correct', '', '', '', '1', 1)", "says that '1' of 1 instructions were kept"),
    ],
)
def test_one_that_breaks_is_told_with_its_package(
    packages: Packages, returned: str, what: str
) -> None:
    bring(packages, STARTS.replace("first = text.split()[0]", f"return {returned}; _ = text"))
    with pytest.raises(CheckerBroken, match=f"checker 'starts' of toy 1.0 .*{what}"):
        outcome_of("starts", "HELLO", "HELLO", prompt="", truncated=False)


def test_what_it_answers_is_plain_text(packages: Packages) -> None:
    """What others derive from a text may be impossible to copy, and so to send."""
    own = "type('Own', (str,), {'__reduce__': None})('no')"
    bring(
        packages,
        STARTS.replace(
            "first = text.split()[0]", f"return Outcome('incorrect', {own}, {own}, {own}); _ = text"
        ),
    )
    found = outcome_of("starts", "HELLO", "HELLO", prompt="", truncated=False)
    assert {type(found.answer), type(found.pattern), type(found.reason)} == {str}


def test_an_expectation_that_it_refuses_is_the_probes_mistake(packages: Packages) -> None:
    refuse = "raise ValueError('expected one word')"
    bring(packages, STARTS.replace("first = text.split()[0]", f"{refuse}; _ = text"))
    with pytest.raises(ValueError, match="starts: expected one word"):
        outcome_of("starts", "HELLO", "", prompt="", truncated=False)
