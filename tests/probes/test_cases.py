from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.probes.shipped import LIBRARY, first_cases

from pytest_quant.base.conversation import Conversation, Message
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import (
    count_cases,
    draw_cases,
    draw_values,
    load_generator,
    side_of,
    solution_of,
)
from pytest_quant.probes.model import Probe

TURN = (Message("user", "Hi {a}"),)
PROBE = Probe(
    id="product",
    category="numerical_reasoning",
    subcategory="arithmetic",
    difficulty=1,
    prompt="What is {a} times {b}?",
    parameters={
        "a": {"integer": [1, 99]},
        "b": {"decimal": [Decimal("0.1"), Decimal("9.9")], "places": 1},
    },
    expect="a * b",
    check="numeric",
    check_options={},
    path="p.yaml",
    line=7,
)
WORD = replace(
    PROBE,
    id="word",
    prompt="Say {word}.",
    parameters={"word": {"choice": [f"w{i}" for i in range(400)]}},
    expect="{word}!",
    check="text",
)


CHAT = replace(
    PROBE,
    id="chat",
    prompt=Conversation(
        [
            Message("user", "Remember {a}."),
            Message("assistant", "I remember {a}."),
            Message("user", "What is it times {b}?"),
        ]
    ),
)


def test_the_turns_of_a_conversation_are_filled_in() -> None:
    cases = draw_cases(CHAT, 3)
    for case in cases:
        assert isinstance(case.prompt, Conversation)
        first, again, asked = (message.content for message in case.prompt.messages)
        assert again == f"I r{first[1:]}"
        assert asked.startswith("What is it times ")
        assert case.prompt == f"[user]\n{first}\n\n[assistant]\n{again}\n\n[user]\n{asked}"
    assert len({case.digest for case in cases}) == 3
    # The same words as one prompt are another question.
    text = draw_cases(replace(CHAT, prompt=str(CHAT.prompt)), 3)
    assert [case.prompt for case in text] == [case.prompt for case in cases]
    assert {case.digest for case in text}.isdisjoint(case.digest for case in cases)


def one_case(expect: str, **options: Any) -> str:
    """The readable expectation of a numeric probe whose only value is pinned."""
    probe = replace(
        PROBE,
        prompt="{a}",
        parameters={"a": {"integer": [1, 9]}},
        pinned=({"a": 3},),
        expect=expect,
        check_options=options,
    )
    return draw_cases(probe, 1)[0].expected_text


class TestSameEverywhere:
    def test_drawing_again_gives_the_same(self) -> None:
        assert draw_cases(PROBE, 50) == draw_cases(PROBE, 50)

    def test_a_larger_count_only_appends(self) -> None:
        longest = draw_cases(PROBE, 200)
        assert all(draw_cases(PROBE, n) == longest[:n] for n in (0, 1, 7, 32, 199))
        assert [case.index for case in longest] == list(range(200))

    def test_other_ids_draw_other_cases(self) -> None:
        prompts = {case.prompt for case in draw_cases(PROBE, 32)}
        others = {case.prompt for case in draw_cases(replace(PROBE, id="other"), 32)}
        assert len(prompts & others) < 16

    def test_difficulty_line_and_solution_do_not_change_what_is_asked(self) -> None:
        moved = replace(PROBE, difficulty=5, line=99, path="q.yaml", solution="It is {answer}.")
        for before, after in zip(draw_cases(PROBE, 16), draw_cases(moved, 16), strict=True):
            assert replace(after, solution=None) == before

    def test_in_another_process_and_under_another_hash_seed(self) -> None:
        program = (
            "import hashlib; from pytest_quant.base.library import PROBES;"
            "from pytest_quant.probes.cases import draw_cases;"
            "from pytest_quant.probes.reader import read_probes;"
            "cases = [(p.id, c.index, c.prompt, c.expected_text, c.digest, c.solution)"
            " for f in sorted(PROBES.glob('*.yaml')) for p in read_probes(f)"
            " for c in draw_cases(p, 3)];"
            "print(len(cases), hashlib.sha256(repr(cases).encode()).hexdigest())"
        )
        seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
        printed = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        here = [
            (probe.id, c.index, c.prompt, c.expected_text, c.digest, c.solution)
            for probe in LIBRARY
            for c in first_cases(probe.id, 3)
        ]
        assert len(here) >= 3 * 200
        assert printed.split() == [str(len(here)), sha256(repr(here).encode()).hexdigest()]


class TestWhichCases:
    def test_none_is_asked_twice(self) -> None:
        prompts = [case.prompt for case in draw_cases(PROBE, 300)]
        assert len(set(prompts)) == 300

    def test_pinned_values_come_first(self) -> None:
        pinned = ({"a": 5, "b": Decimal("0.5")}, {"a": 123, "b": Decimal("1.25")})
        cases = draw_cases(replace(PROBE, pinned=pinned), 32)
        assert [case.prompt for case in cases[:2]] == [
            "What is 5 times 0.5?",
            "What is 123 times 1.25?",
        ]
        assert [case.expected_text for case in cases[:2]] == ["2.5", "153.75"]
        assert len({case.prompt for case in cases}) == 32

    def test_pinning_one_more_does_not_draw_anew(self) -> None:
        drawn = [case.prompt for case in draw_cases(PROBE, 31)]
        pinned = replace(PROBE, pinned=({"a": 500, "b": Decimal("0.5")},))
        assert [case.prompt for case in draw_cases(pinned, 32)][1:] == drawn

    def test_a_pinned_case_that_is_drawn_too_or_pinned_twice_is_asked_once(self) -> None:
        word = draw_cases(WORD, 5)[4].expected_text.rstrip("!")
        probe = replace(WORD, pinned=({"word": word}, {"word": "extra"}, {"word": word}))
        cases = draw_cases(probe, 50)
        assert [case.prompt for case in cases[:2]] == [f"Say {word}.", "Say extra."]
        assert len({case.prompt for case in cases}) == 50
        assert [case.index for case in cases] == list(range(50))

    def test_where_cases_are_held_out_only_those_are_asked(self) -> None:
        for case in draw_cases(replace(PROBE, held_out=True), 100):
            assert side_of(case.prompt) == "held_out"

    def test_else_every_case_is_asked(self) -> None:
        weight = replace(PROBE, prompt="{a}", parameters={"a": {"integer": [8, 40]}}, expect="a")
        assert {case.prompt for case in draw_cases(weight, 33)} == {str(n) for n in range(8, 41)}
        assert count_cases(weight, 100) == 33

    def test_also_those_that_draws_hit_last(self) -> None:
        # By draws alone, a thousand in a row would miss the last ones of so many.
        parameters = {
            "a": {"integer": [1, 50]},
            "b": {"decimal": [Decimal("0.1"), Decimal("2.0")], "places": 1},
            "c": {"choice": ["x", "y", "z"]},
        }
        probe = replace(PROBE, prompt="{a} {b} {c}", parameters=parameters)
        assert count_cases(probe, 10_000) == 3000

    def test_one_case_in_four_is_held_out(self) -> None:
        sides = [side_of(f"probe\ncase {i}") for i in range(10_000)]
        # Four standard deviations of a fair split.
        assert abs(sides.count("held_out") - 2500) < 4 * (10_000 * 0.25 * 0.75) ** 0.5

    def test_the_two_sides_share_nothing_and_make_up_the_whole(self) -> None:
        held = {prompt for prompt, _ in islice(draw_values(WORD, "s", "held_out"), 3000)}
        trained = {prompt for prompt, _ in islice(draw_values(WORD, "s", "training"), 9000)}
        assert held.isdisjoint(trained)
        assert held | trained == {f"Say w{i}." for i in range(400)}

    def test_values_stay_in_their_domain(self) -> None:
        values = [values for _, values in islice(draw_values(PROBE, "s", "training"), 3000)]
        assert {v["a"] for v in values} == set(range(1, 100))
        tenths = {v["b"] for v in values}
        assert tenths == {Decimal(i) / 10 for i in range(1, 100)}
        assert {str(tenth.as_tuple().exponent) for tenth in tenths} == {"-1"}

    def test_too_few_cases(self) -> None:
        probe = replace(PROBE, prompt="{a}", parameters={"a": {"integer": [1, 40]}}, expect="a")
        probe = replace(probe, held_out=True)
        available = sum(side_of(f"{i}") == "held_out" for i in range(1, 41))
        assert len(draw_cases(probe, available)) == available
        with pytest.raises(QuantUsageError) as raised:
            draw_cases(probe, available + 1)
        assert str(raised.value) == (
            f"p.yaml:7: probe 'product': has only {available} distinct cases, {available + 1} "
            "were asked for; widen its parameters or ask for fewer cases"
        )

    def test_no_case_at_all(self) -> None:
        probe = replace(PROBE, prompt="What?", parameters={"a": {"integer": [1, 9]}}, expect="a")
        held_out = 1 if side_of("What?") == "held_out" else 0
        for found, asked in ((1, probe), (held_out, replace(probe, held_out=True))):
            with pytest.raises(QuantUsageError, match=rf"has only {found} distinct cases?\b"):
                draw_cases(asked, 2)


class TestWhatACaseHolds:
    def test_of_a_number(self) -> None:
        probe = replace(
            PROBE,
            check_options={"places": 1, "unit": ["{a} km"], "formulas": {"sum": "a + b", "one": 1}},
            solution="{a} * {b} = {answer}",
            pinned=({"a": 3, "b": Decimal("0.25")},),
        )
        (case,) = draw_cases(probe, 1)
        assert case.expected == Fraction(3, 4)
        assert case.expected_text == "0.8"
        assert case.solution == "3 * 0.25 = 0.8"
        assert case.options["unit"] == ["3 km"]
        assert case.options["formulas"] == {"sum": Fraction(13, 4), "one": 1}

    def test_of_a_word(self) -> None:
        probe = replace(WORD, pinned=({"word": "yes"},), solution="{answer} {word}")
        (case,) = draw_cases(probe, 1)
        assert (case.expected, case.expected_text, case.solution) == ("yes!", "yes!", "yes! yes")
        assert case.options == {}
        assert solution_of(probe, {"word": "no"}) == "no! no"

    @pytest.mark.parametrize(
        "change",
        [
            {"prompt": "What is {a} x {b}?"},
            {"expect": "a * b + 1"},
            {"check_options": {"places": 1}},
            {"check_options": {"tolerance": "0.01"}},
            {"check_options": {"unit": "km"}},
            {"check_options": {"formulas": {"sum": "a + b"}}},
            {"check": "text", "expect": "{b}"},
            {"by": "likelihood"},
        ],
        ids=str,
    )
    def test_its_digest_changes_with_what_is_asked_and_how_it_is_judged(
        self, change: dict[str, Any]
    ) -> None:
        pinned = {"a": 3, "b": Decimal("0.5")}
        before = draw_cases(replace(PROBE, pinned=(pinned,)), 1)[0]
        after = draw_cases(replace(PROBE, pinned=(pinned,), **change), 1)[0]
        assert before.digest != after.digest

    def test_its_digest_depends_on_nothing_else(self) -> None:
        (before,) = draw_cases(PROBE, 1)
        changed = replace(
            PROBE, difficulty=5, subcategory="x", max_tokens=9, path="q", line=1, solution="{a}"
        )
        assert draw_cases(changed, 1)[0].digest == before.digest

    def test_digests_of_a_probe_differ(self) -> None:
        assert len({case.digest for case in draw_cases(PROBE, 300)}) == 300


class TestReadableExpectations:
    @pytest.mark.parametrize(
        ("expect", "places", "text"),
        [
            ("0.125", 2, "0.13"),
            ("0.135", 2, "0.14"),
            ("2.5", 0, "3"),
            ("3.5", 0, "4"),
            ("-2.5", 0, "-3"),
            ("-0.04", 1, "0.0"),
            ("0.99995", 4, "1.0000"),
            ("2.675", 2, "2.68"),
            ("0.1 + 0.2 - 1e-30", 1, "0.3"),
            ("0.15 - 1e-30", 1, "0.1"),
            ("1 / 3", 5, "0.33333"),
            ("2 / 3", 5, "0.66667"),
            ("5", 2, "5.00"),
            ("sqrt(2)", 10, "1.4142135624"),
            ("1e-9", 8, "0.00000000"),
            ("1e-8", 8, "0.00000001"),
            ("10 ** 20 + 1 / 3", 20, "100000000000000000000." + "3" * 20),
            ("10 ** 45 + sqrt(2)", 2, "1" + "0" * 44 + "1.41"),
        ],
    )
    def test_rounded_half_up_to_the_places_asked(self, expect: str, places: int, text: str) -> None:
        assert one_case(expect, places=places) == text

    @pytest.mark.parametrize(
        ("expect", "text"),
        [
            ("a", "3"),
            ("a / 4", "0.75"),
            ("a / 7", "3/7"),
            ("-a / 8", "-0.375"),
            ("1 / 10 ** 12", "0.000000000001"),
            ("1 / 2 ** 50", "1/1125899906842624"),
            ("10 ** 40 + a / 4", "1" + "0" * 40 + ".75"),
            ("sqrt(2)", "sqrt(2)"),
        ],
    )
    def test_exact_where_no_places_are_asked(self, expect: str, text: str) -> None:
        assert one_case(expect) == text

    @pytest.mark.parametrize(
        ("expect", "options", "text"),
        [
            ("a / 8", {"percent": True}, "37.5%"),
            ("1 / a", {"percent": True, "places": 1}, "33.3%"),
            ("0.00045", {"percent": True, "places": 2}, "0.05%"),
        ],
    )
    def test_in_percent(self, expect: str, options: dict[str, Any], text: str) -> None:
        assert one_case(expect, **options) == text


def numbered(rng: Random, *, start: int = 0) -> dict[str, Any]:
    return {"n": start + rng.randint(0, 10**6)}


def listed(rng: Random) -> list[int]:
    return [rng.randint(0, 9)]


NO_FUNCTION = 3


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The dotted name under which this module can be imported."""
    monkeypatch.setitem(sys.modules, "generators_of_test_cases", sys.modules[__name__])
    yield "generators_of_test_cases"


class TestGenerators:
    def generated(self, generator: str, **options: Any) -> Probe:
        return replace(
            PROBE,
            prompt="{n}",
            expect="n",
            parameters={},
            generator=generator,
            generator_options=options,
        )

    def test_they_give_the_values(self, here: str) -> None:
        probe = self.generated(f"{here}.numbered", start=10**9)
        assert load_generator(probe) is numbered
        cases = draw_cases(probe, 40)
        assert all(int(case.prompt) == case.expected >= 10**9 for case in cases)
        assert len({case.prompt for case in cases}) == 40

    @pytest.mark.parametrize(
        ("name", "options", "problem"),
        [
            ("no_such_package.draw", {}, "no generator 'no_such_package.draw' (ModuleNotFound"),
            ("{here}.nothing", {}, "has no attribute 'nothing'); expected the dotted name"),
            ("{here}.NO_FUNCTION", {}, "'generators_of_test_cases.NO_FUNCTION' is not a function"),
            ("{here}.numbered", {"begin": 1}, "unexpected keyword argument 'begin'"),
            ("os.getcwd", {}, "'os.getcwd' cannot be called as (random.Random, **"),
            ("{here}.listed", {}, "template '{n}' cannot be filled in: list indices must be"),
        ],
    )
    def test_a_wrong_one(self, here: str, name: str, options: dict[str, Any], problem: str) -> None:
        probe = self.generated(name.replace("{here}", here), **options)
        with pytest.raises(QuantUsageError) as raised:
            draw_cases(probe, 1)
        assert str(raised.value).startswith("p.yaml:7: probe 'product': ")
        assert problem in str(raised.value)

    def test_one_whose_module_does_not_load(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "broken_generators.py").write_text("def draw(:\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        with pytest.raises(QuantUsageError, match=r"no generator .* \(SyntaxError: "):
            draw_cases(self.generated("broken_generators.draw"), 1)

    @pytest.mark.parametrize(
        ("body", "problem"),
        [
            ("return draw(rng)", "RecursionError: maximum recursion depth exceeded"),
            ("raise RuntimeError('no luck')", "RuntimeError: no luck"),
            ("return next(iter(()))", "StopIteration: "),
            ("return {}['a']", "KeyError: 'a'"),
        ],
    )
    def test_one_that_fails_is_the_author_s_to_repair(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, problem: str
    ) -> None:
        place = tmp_path / "failing_generators.py"
        place.write_text(f"def draw(rng):\n    {body}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, "failing_generators", raising=False)
        with pytest.raises(QuantUsageError) as raised:
            draw_cases(self.generated("failing_generators.draw"), 1)
        told = f"'failing_generators.draw' failed at {place}:2: {problem}"
        assert str(raised.value).startswith(f"p.yaml:7: probe 'product': {told}")


class TestMistakesThatShowWhenDrawing:
    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            (
                {"prompt": "{a} {c}"},
                "template '{a} {c}' uses the unknown name 'c'; known names: a, b",
            ),
            ({"prompt": "{a.foo}"}, "cannot be filled in: 'int' object has no attribute 'foo'"),
            ({"prompt": "{a[0]}"}, "cannot be filled in: 'int' object is not subscriptable"),
            ({"prompt": "{a:s}"}, "cannot be filled in: Unknown format code 's'"),
            ({"prompt": "{a!x}"}, "cannot be filled in: Unknown conversion"),
            ({"solution": "{c}"}, "template '{c}' uses the unknown name 'c'"),
            ({"expect": "a / (b - b)"}, "'a / (b - b)': zoo is not a finite real number"),
            ({"expect": "root(a)"}, "unknown function 'root'"),
            ({"expect": "a.real"}, "'a.real' is not allowed here"),
            ({"check_options": {"formulas": {"x": "c"}}}, "'c': unknown name 'c'; known: a, b"),
            ({"check_options": {"unit": "{c}"}}, "template '{c}' uses the unknown name 'c'"),
            ({"prompt": Conversation(TURN, "[{a}]")}, "'tools': expected a tool with a name and"),
            ({"prompt": Conversation(TURN, "f, {a}")}, "'tools': expected tools as JSON, got f, "),
        ],
        ids=str,
    )
    def test_the_probe_is_named(self, change: dict[str, Any], problem: str) -> None:
        with pytest.raises(QuantUsageError) as raised:
            draw_cases(replace(PROBE, **change), 1)
        assert str(raised.value).startswith("p.yaml:7: probe 'product': ")
        assert problem in str(raised.value)
