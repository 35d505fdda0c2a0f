"""The probes that ship are valid, can be passed, and can be failed."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import rows
from tests.probes.shipped import BY_ID, CORE, FILES, LIBRARY, first_cases

from pytest_quant import check
from pytest_quant.checkers import Outcome
from pytest_quant.checkers.assertions import Reading
from pytest_quant.checkers.free_text import facts
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.probes.cases import side_of
from pytest_quant.probes.model import Case, Probe
from pytest_quant.probes.reader import check_unique, read_probes

# Of what runs ask and how it is judged. Recorded baselines hold for these cases only.
CASE_DIGESTS_FILE = Path(__file__).parent / "data" / "case_digests.yaml"
CASE_DIGESTS = yaml.safe_load(CASE_DIGESTS_FILE.read_text("utf-8"))

GUIDE = {probe.guide: probe for probe in LIBRARY if probe.guide is not None}


def categories(probes: Sequence[Probe]) -> list[str]:
    return sorted({probe.category for probe in probes})


def each(probes: Sequence[Probe], category: str, judge: Callable[[Probe], None]) -> None:
    """Judge those of a category."""
    rows.each((p for p in probes if p.category == category), judge, lambda probe: probe.id)


def cases(probe_id: str) -> tuple[Case, ...]:
    """The first 200 cases of a core family, and what a run asks of any other probe."""
    probe = BY_ID[probe_id]
    return first_cases(probe_id, probe.cases if probe.solution is None else 200)


def judged(probe: Probe, case: Case, text: str) -> Outcome:
    return check(probe.check, text, case.expected, prompt=case.prompt, **case.options)


class TestTheWhole:
    def test_there_is_a_file_for_every_category(self) -> None:
        assert {path.stem for path in FILES} == set(GUIDE_CATEGORIES)
        for path in FILES:
            assert {probe.category for probe in read_probes(path)} == {path.stem}

    def test_ids_are_unique(self) -> None:
        check_unique(LIBRARY)

    def test_core_families(self) -> None:
        assert len(CORE) >= 12
        assert len({probe.category for probe in CORE}) >= 6
        assert {probe.difficulty for probe in CORE} >= {1, 2, 3, 4}

    def test_places_in_the_guide_are_taken_once(self) -> None:
        assert len(GUIDE) == sum(probe.guide is not None for probe in LIBRARY)
        section = {category: f"4.{i}." for i, category in enumerate(GUIDE_CATEGORIES, 1)}
        for place, probe in GUIDE.items():
            assert place
            assert place.startswith(section[probe.category])

    @pytest.mark.parametrize("category", GUIDE_CATEGORIES)
    def test_what_is_asked_changes_only_on_purpose(self, category: str) -> None:
        digests = {
            probe.id: [case.digest for case in cases(probe.id)[: probe.cases]]
            for probe in LIBRARY
            if probe.category == category
        }
        found = hashlib.sha256(json.dumps(digests, sort_keys=True).encode()).hexdigest()[:16]
        assert found == CASE_DIGESTS[category], (
            f"the first cases of the probes of {category} are not those that {CASE_DIGESTS_FILE} "
            "stands for: a probe is new or gone, or a question, an expectation or a check has "
            f"changed. If that is intended, write {found!r} there; baselines of changed cases "
            "have to be recorded anew"
        )


@pytest.mark.parametrize("category", GUIDE_CATEGORIES)
class TestEveryProbe:
    def test_has_enough_cases(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            assert probe.cases <= len(cases(probe.id))

        each(LIBRARY, category, judge)

    def test_leaves_nothing_unfilled(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[:50]:
                for text in (case.prompt, case.expected_text, case.solution or "-"):
                    assert text.strip() == text != ""
                    # Of JSON, what stands behind a brace is quoted.
                    assert not re.search(r"\{\w", text)

        each(LIBRARY, category, judge)

    def test_saying_nothing_or_giving_up_never_passes(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[:6]:
                for text in ("", " \n", "I don't know.", "I'm sorry, I cannot answer that.", "..."):
                    assert not judged(probe, case, text).correct, (case.prompt, text)

        each(LIBRARY, category, judge)

    def test_no_fact_that_is_required_stands_in_the_question(self, category: str) -> None:
        # Beside numbers that have to be right, a verdict may repeat a word of the question.
        def judge(probe: Probe) -> None:
            for case in cases(probe.id) if probe.check == "text" else ():
                reading = Reading(case.prompt)
                for fact in facts(case.options.get("required", ())):
                    for wording in fact.wordings:
                        assert not list(reading.mentioned(wording)), (case.prompt, fact.name)

        each(LIBRARY, category, judge)

    def test_repeating_the_question_never_passes(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[:6]:
                for text in (
                    case.prompt,
                    f"\n{case.prompt}\n",
                    f'"{case.prompt}"',
                    f"{case.prompt}\n{case.prompt}",
                ):
                    assert not judged(probe, case, text).correct, text

        each(LIBRARY, category, judge)


PAIRS = [probe for probe in LIBRARY if probe.clean is not None]


@pytest.mark.parametrize("category", categories(PAIRS))
class TestEveryPair:
    def test_has_two_prompts_that_training_never_shows(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[len(probe.pinned) :]:
                assert case.clean is not None
                assert case.clean != case.prompt
                assert {side_of(case.prompt), side_of(case.clean)} == {"held_out"}

        each(PAIRS, category, judge)

    def test_is_judged_alike_when_clean(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[:12]:
                assert case.clean is not None
                asked = replace(case, prompt=case.clean)
                assert case.solution is None or judged(probe, asked, case.solution).correct
                for text in ("", case.clean, f"{case.clean}\n{case.clean}", "I don't know."):
                    assert not judged(probe, asked, text).correct, text

        each(PAIRS, category, judge)


@pytest.mark.parametrize("category", categories(CORE))
class TestEveryCoreFamily:
    def test_has_200_distinct_cases_that_training_never_shows(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            prompts = {case.prompt for case in cases(probe.id)}
            assert len(prompts) == 200
            assert all(side_of(prompt) == "held_out" for prompt in prompts)

        each(CORE, category, judge)

    def test_its_solutions_pass(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            for case in cases(probe.id)[:20]:
                assert case.solution is not None
                outcome = judged(probe, case, case.solution)
                assert outcome.correct, (case.prompt, case.solution, outcome)

        each(CORE, category, judge)

    def test_the_solution_of_another_case_fails(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            compared = 0
            for case, other in itertools.pairwise(cases(probe.id)[:30]):
                if other.expected_text == case.expected_text:
                    continue
                assert other.solution is not None
                outcome = judged(probe, case, other.solution)
                assert not outcome.correct, (case.prompt, other.solution, outcome)
                compared += 1
            assert compared >= 10

        each(CORE, category, judge)

    def test_no_single_answer_is_right_most_of_the_time(self, category: str) -> None:
        def judge(probe: Probe) -> None:
            answers = Counter(_kind_of_answer(case) for case in cases(probe.id))
            share = answers.most_common(1)[0][1] / answers.total()
            fair = probe.chance or 0.25
            # Four standard deviations above a fair share.
            assert share <= fair + 4 * math.sqrt(fair * (1 - fair) / answers.total())

        each(CORE, category, judge)


def _kind_of_answer(case: Case) -> Any:
    """Of a choice, which option is right (by its place); else the answer itself."""
    options = case.options.get("options")
    return options.index(case.expected_text) if options else case.expected_text


def _determinant(rows: list[list[str]]) -> Fraction:
    """Leibniz's sum over all permutations."""
    total = Fraction(0)
    for columns in itertools.permutations(range(len(rows))):
        swaps = sum(a > b for a, b in itertools.combinations(columns, 2))
        product = math.prod(
            (Fraction(rows[i][j]) for i, j in enumerate(columns)), start=Fraction(1)
        )
        total += (-1) ** swaps * product
    return total


# Place in the guide -> its figures as the question shows them, the exact value, the value as asked.
FIGURES: dict[str, tuple[list[str], Fraction, str]] = {
    "4.1.1.2": (
        ["3.14159265359", "2.71828182846"],
        Fraction("3.14159265359") * Fraction("2.71828182846"),
        "8.5397342227",
    ),
    "4.1.1.3": (
        ["87.5", "3.25", "67.3", "1.75"],
        Fraction("87.5") * Fraction("3.25") + Fraction("67.3") * Fraction("1.75"),
        "402.15",
    ),
    "4.1.2.1": (["0.1", "0.2"], Fraction(0.1 + 0.2), f"{0.1 + 0.2:.17f}"),
    "4.1.2.2": (["0.3333333", "3"], 3 * Fraction("0.3333333") - 1, "-0.0000001"),
    "4.1.2.3": (["2^100"], Fraction(2**100 + 1, 2**100) - 1, f"1/{2**100}"),
    "4.1.3.1": (
        ["x = 0.1", "sin(x) + cos(x)"],
        sum(
            (Fraction(sign, math.factorial(n) * 10**n) for n, sign in enumerate((1, 1, -1, -1, 1))),
            start=Fraction(0),
        ),
        "1.09483750",
    ),
    "4.1.3.2": (
        ["10,000", "5.25", "10 years", "every month"],
        10_000 * (1 + Fraction("0.0525") / 12) ** 120,
        "16885.24",
    ),
    "4.1.3.3": (
        ["[[1.001, 0.002, 0.003], [0.002, 1.002, 0.001], [0.003, 0.001, 1.003]]"],
        _determinant(
            [["1.001", "0.002", "0.003"], ["0.002", "1.002", "0.001"], ["0.003", "0.001", "1.003"]]
        ),
        "1.005996987",
    ),
}


class TestTheFiguresOfTheGuide:
    @pytest.mark.parametrize("place", FIGURES)
    def test_are_the_first_case(self, place: str) -> None:
        figures, exact, text = FIGURES[place]
        case = cases(GUIDE[place].id)[0]
        assert all(figure in case.prompt for figure in figures)
        assert Fraction(int(case.expected.p), int(case.expected.q)) == exact
        assert case.expected_text == text

    def test_of_the_one_irrational_question(self) -> None:
        case = cases(GUIDE["4.1.1.1"].id)[0]
        assert all(figure in case.prompt for figure in ("123,456,789", "0.000123", "thousandth"))
        with localcontext(prec=60):
            exact = Decimal(123456789) * Decimal("0.000123") + Decimal(123456789).sqrt()
            error = abs(Decimal(str(case.expected.evalf(55))) - exact)
            assert error < Decimal("1e-45")
            assert case.expected_text == str(round(exact, 3)) == "26296.296"

    def test_all_nine_are_there(self) -> None:
        places = {f"4.1.{kind}.{question}" for kind in (1, 2, 3) for question in (1, 2, 3)}
        assert places == {place for place in GUIDE if place and place.startswith("4.1.")}
        assert places == {*FIGURES, "4.1.1.1"}

    @pytest.mark.parametrize("place", sorted({*FIGURES, "4.1.1.1"}))
    def test_an_answer_in_three_phrasings_passes(self, place: str) -> None:
        probe = GUIDE[place]
        case = cases(probe.id)[0]
        for text in (
            f"Answer: {case.expected_text}",
            f"Let me work it out step by step.\n\nAnswer: **{case.expected_text}**",
            f"The answer is {case.expected_text}.",
        ):
            assert judged(probe, case, text).correct, text

    @pytest.mark.parametrize(
        ("place", "text", "pattern"),
        [
            ("4.1.1.1", "15185.185", "wrong formula"),  # the product without the root
            ("4.1.1.1", "26296.269", ""),
            ("4.1.1.2", "8.53973422", ""),
            ("4.1.1.3", "387", "wrong formula"),  # the mean speed over the whole time
            ("4.1.1.3", "402.15 miles", "wrong unit"),
            ("4.1.2.1", "0.3", "wrong formula"),  # as if doubles were decimals
            ("4.1.2.2", "0", ""),
            ("4.1.2.2", "0.9999999", "wrong formula"),
            ("4.1.2.3", "1/2^99", ""),
            ("4.1.2.3", "0", ""),
            ("4.1.3.1", "1.09483758", "wrong formula"),  # the exact value
            ("4.1.3.2", "15250", "wrong formula"),  # simple interest
            ("4.1.3.2", "6885.24", "wrong formula"),  # the interest alone
            ("4.1.3.2", "16885.42", ""),
            ("4.1.3.3", "1.006011006", "wrong formula"),  # the diagonal alone
            ("4.1.3.3", "1.005996978", ""),
        ],
    )
    def test_a_plausible_wrong_answer_fails(self, place: str, text: str, pattern: str) -> None:
        outcome = judged(GUIDE[place], cases(GUIDE[place].id)[0], f"Answer: {text}")
        assert outcome.verdict == "incorrect"
        assert not pattern or outcome.pattern == pattern
