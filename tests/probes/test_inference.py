"""What statistics expects is what scipy says, and chances are what counting every outcome gives."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any

import pytest
from scipy import stats
from tests.generators import assert_pure_and_seeded, public_functions

from pytest_quant import check
from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.generators import equations, events, inference
from pytest_quant.probes.model import Case, Probe
from pytest_quant.probes.reader import read_probes

LIBRARY = {
    probe.id: probe
    for name in ("ambiguity", "logical_reasoning", "probabilistic", "real_world")
    for probe in read_probes(PROBES / f"{name}.yaml")
}
YES, NO = [["shown"]], [["not shown"]]
GENERATORS: dict[str, Callable[[Random], dict[str, Any]]] = {
    "two_rolls": events.two_rolls,
    "one_card": events.one_card,
    "family": events.family,
    "trial": partial(inference.trial, yes=YES, no=NO),
    "rates": partial(inference.rates, yes=YES, no=NO),
    "tosses": partial(inference.tosses, yes=YES, no=NO),
    "normal_parts": inference.normal_parts,
    "linear": equations.linear,
    "progression": equations.progression,
}


def drawn(name: str, count: int = 100) -> Iterator[dict[str, Any]]:
    rng = Random(f"test:{name}")
    return (GENERATORS[name](rng) for _ in range(count))


def asked(probe_id: str, count: int = 8) -> Iterator[tuple[Probe, Case, list[float]]]:
    """Cases of a probe, with the numbers that their prompts show, in order."""
    probe = LIBRARY[probe_id]
    for case in draw_cases(probe, count):
        numbers = re.findall(r"\d+(?:,\d{3})+|\d+(?:\.\d+)?", case.prompt)
        yield probe, case, [float(number.replace(",", "")) for number in numbers]


def accepts(probe: Probe, case: Case, answer: str) -> bool:
    return pattern(probe, case, answer)[0] == ""


def pattern(probe: Probe, case: Case, answer: str) -> tuple[str, str]:
    """The error pattern of an answer whose words are right, and the reason."""
    (wordings,) = case.options.get("required", [["It is."]])
    said = wordings[0].replace("...", "the").capitalize()
    outcome = check(probe.check, f"{said}.\nAnswer: {answer}", case.expected, **case.options)
    return outcome.pattern, outcome.reason


@pytest.mark.parametrize("name", GENERATORS)
def test_pure_and_seeded(name: str) -> None:
    assert_pure_and_seeded(lambda: drawn(name), count=20, more_than=10)


def test_every_public_function_is_tested_here() -> None:
    assert public_functions(equations, events, inference) == {*GENERATORS, "fisher", "signed"}


class TestStatistics:
    def test_p_value_of_the_test_that_is_asked_for(self) -> None:
        for probe, case, (_, patients, treated, placebo, *_) in _shifted("p_value"):
            table = [[treated, patients - treated], [placebo, patients - placebo]]
            pooled = stats.chi2_contingency(table, correction=False).pvalue
            assert accepts(probe, case, f"{pooled:.4f}")
            # What a table gives, which knows two decimals of z.
            assert accepts(probe, case, f"{2 * stats.norm.sf(round(_z(table), 2)):.4f}")
            assert accepts(probe, case, f"{100 * pooled:.2f}%")

    def test_p_values_of_other_tests_are_told_apart(self) -> None:
        for probe, case, (_, patients, treated, placebo, *_) in _shifted("p_value"):
            table = [[treated, patients - treated], [placebo, patients - placebo]]
            pooled = stats.chi2_contingency(table, correction=False).pvalue
            for name, value in {
                "one-sided": pooled / 2,
                "continuity": stats.chi2_contingency(table, correction=True).pvalue,
                "Fisher": stats.fisher_exact(table).pvalue,
            }.items():
                if abs(value / pooled - 1) < 0.03:
                    continue
                told, reason = pattern(probe, case, f"{value:.4f}")
                assert told == "wrong formula", (name, reason)

    def test_fisher(self) -> None:
        for values in drawn("trial", 20):
            n, a, b = values["patients"], values["treated"], values["placebo"]
            expected = stats.fisher_exact([[a, n - a], [b, n - b]]).pvalue
            assert float(values["fisher"]) == pytest.approx(expected, rel=1e-9)
        pinned = LIBRARY["p_value"].pinned[0]["fisher"]
        assert float(pinned) == pytest.approx(float(inference.fisher(65, 50, 100)), rel=1e-9)

    def test_significance_of_a_difference(self) -> None:
        for probe, case, (patients, first, second, *_) in asked("significance"):
            a, b = (patients * percent / 100 for percent in (first, second))
            result = stats.chi2_contingency(
                [[a, patients - a], [b, patients - b]], correction=False
            )
            z = result.statistic**0.5
            assert accepts(probe, case, f"z = {z:.6f}, p = {result.pvalue:.8f}")
            assert not accepts(probe, case, f"{z:.6f}, {result.pvalue / 2:.8f}")
            (conclusion,) = case.options["required"]
            assert (conclusion[0] == "significant") == (result.pvalue < 0.05)
        assert next(asked("significance"))[1].expected_text == "2.88675, 0.00389242"

    @pytest.mark.parametrize("name", ["trial", "rates", "tosses"])
    def test_conclusions(self, name: str) -> None:
        seen = set()
        for values in drawn(name, 60):
            n = values.get("patients") or values["tosses"]
            if name == "tosses":
                share = values["heads"] / n
                low, high = stats.norm.interval(0.95, share, (share * (1 - share) / n) ** 0.5)
                shown = low < 0.5 < high
            else:
                a, b = values["treated"], values["placebo"]
                table = [[a, n - a], [b, n - b]]
                shown = stats.chi2_contingency(table, correction=False).pvalue < 0.05
            assert values["conclusion"] == (YES if shown else NO)
            seen.add(bool(shown))
        assert seen == {True, False}

    def test_normal_shares(self) -> None:
        for probe, case, (mean, deviation, over, low, high) in asked("normal_lengths"):
            parts = stats.norm(mean, deviation)
            longer, between = 100 * parts.sf(over), 100 * (parts.cdf(high) - parts.cdf(low))
            assert accepts(probe, case, f"{longer:.2f}%, {between:.2f}%")
            assert accepts(probe, case, f"{longer:.5f}, {between:.5f}")
            # What four digits of a table give.
            tails = [round(float(parts.cdf(x)), 4) for x in (low, high)]
            assert accepts(
                probe, case,
                f"{100 * round(float(parts.sf(over)), 4):.2f}%, {100 * (tails[1] - tails[0]):.2f}%",
            )  # fmt: skip
        assert next(asked("normal_lengths"))[1].expected_text == "0.62, 77.45"

    def test_confidence_intervals(self) -> None:
        for probe, case, (heads, tosses, *_) in asked("confidence_interval"):
            share = heads / tosses
            error = (share * (1 - share) / tosses) ** 0.5
            low, high = stats.norm.interval(0.95, share, error)
            assert accepts(probe, case, f"{low:.4f}, {high:.4f}")
            assert accepts(probe, case, f"({share - 1.96 * error:.4f}, {share + 1.96 * error:.4f})")
            other = stats.binomtest(int(heads), int(tosses)).proportion_ci(method="wilson")
            told, reason = pattern(probe, case, f"{other.low:.4f}, {other.high:.4f}")
            assert told == "wrong formula"
            assert "Wilson" in reason
        assert next(asked("confidence_interval"))[1].expected_text == "0.5565, 0.7435"


def _z(table: list[list[float]]) -> float:
    return float(stats.chi2_contingency(table, correction=False).statistic ** 0.5)


def _shifted(probe_id: str) -> Iterator[tuple[Probe, Case, list[float]]]:
    """Cases whose prompt shows a number in words first: "two groups"."""
    return ((probe, case, [2.0, *numbers]) for probe, case, numbers in asked(probe_id))


class TestChances:
    def test_two_rolls(self) -> None:
        for values in drawn("two_rolls"):
            sums = [
                a + b for a in range(1, values["sides"] + 1) for b in range(1, values["sides"] + 1)
            ]
            assert values["rolls"] == len(sums)
            assert values["hits"] == sum(s == values["total"] for s in sums) > 0
            assert values["more"] == sum(s > values["over"] for s in sums) > 0
            assert values["at_least"] == values["more"] + sums.count(values["over"])

    def test_one_card_by_what_its_words_say(self) -> None:
        for values in drawn("one_card", 200):
            lowest = {52: 2, 36: 6, 32: 7}[values["cards"]]
            assert f"{values['cards']} cards" in values["deck"]
            names = [*map(str, range(lowest, 11)), "jack", "queen", "king", "ace"]
            cards = [f"{n} {s}s" for n in names for s in ("club", "spade", "heart", "diamond")]
            counts = [
                sum(_is(card, values[kind]) for card in cards) for kind in ("first", "second")
            ]
            assert counts == [values["one"], values["other"]]
            either = sum(
                _is(card, values["first"]) or _is(card, values["second"]) for card in cards
            )
            assert values["hits"] == either > max(counts)

    def test_family(self) -> None:
        for values in drawn("family"):
            known = int(values["known"].split()[0])
            families = list(itertools.product([True, False], repeat=values["children"]))
            likely = [family for family in families if sum(family) >= known]
            hits = [family for family in likely if sum(family) == values["asked"]]
            assert (values["hits"], values["likely"]) == (len(hits), len(likely))
            assert values["unconditional"] == len(families)
            named = [family for family in families if all(family[:known])]
            assert values["others"] == len(named)
            assert values["rest"] == sum(sum(family) == values["asked"] for family in named)

    @pytest.mark.parametrize(
        ("probe_id", "expected"),
        [
            ("two_rolls", "0.1667, 0.1667"),
            ("one_card", "3/26"),
            ("exactly_some", "5/9"),
            ("medical_test", "26.87"),
            ("children", "1/3"),
            ("spam_filter", "1.28"),
            ("p_value", "0.0319053"),
            ("base_rate", "16.1"),
            ("rain_forecast", "30, 60"),
            ("units_to_sell", "21000, 36000"),
            ("loan", "1741.63, 58995.26"),
            ("at_least_one_drawn", "7/9"),
            ("linear_equation", "-1"),
            ("induction_proof", "n^2"),
        ],
    )
    def test_the_first_case_has_the_figures_of_the_guide(
        self, probe_id: str, expected: str
    ) -> None:
        assert draw_cases(LIBRARY[probe_id], 1)[0].expected_text == expected

    @pytest.mark.parametrize(
        ("probe_id", "least"), [("exactly_some", 0), ("at_least_one_drawn", 1)]
    )
    def test_marbles_by_enumeration(self, probe_id: str, least: int) -> None:
        for _, case, numbers in asked(probe_id, 6):
            hits, more, rest, taken = map(int, numbers[:4])
            marbles = [1] * hits + [0] * (more + rest)
            draws = [sum(some) for some in itertools.combinations(marbles, taken)]
            wanted = sum(some >= 1 for some in draws) if least else draws.count(1)
            assert Fraction(str(case.expected)) == Fraction(wanted, len(draws))


def _is(card: str, kind: str) -> bool:
    """Whether a card such as "king hearts" is of a kind such as "a red king"."""
    rank, suit = card.split()
    colour = "red" if suit in ("hearts", "diamonds") else "black"
    words = kind.replace(",", "").removeprefix("a ").removeprefix("any ").split()
    words = [word for word in words if word not in ("or", "the", "of")]
    ranks = {word for word in words if word in ("jack", "queen", "king", "ace") or word.isdigit()}
    suits = {word.removesuffix("s") + "s" for word in words} & {
        "clubs", "spades", "hearts", "diamonds",
    }  # fmt: skip
    colours = {word for word in words if word in ("red", "black")}
    return (
        (not ranks or rank in ranks)
        and (not suits or suit in suits)
        and (not colours or colour in colours)
    )


class TestEquations:
    def test_linear(self) -> None:
        for values in drawn("linear"):
            x = values["solution"]
            found = re.fullmatch(
                r"(\d+)\(x ([+-]) (\d+)\) = (\d+)\(x ([+-]) (\d+)\) ([+-]) (\d+)",
                values["equation"],
            )
            assert found
            a, s, b, c, t, d, u, e = found.groups()
            left = int(a) * (x + int(s + b))
            assert left == int(c) * (x + int(t + d)) + int(u + e)
            assert a != c

    def test_progression(self) -> None:
        for values in drawn("progression", 20):
            first, second, third = map(int, values["terms"].split(" + "))
            assert second - first == third - second
            for n in (1, 2, 5, 8):
                total = sum(first + (second - first) * i for i in range(n))
                last = str(first + (second - first) * (n - 1))
                closed = re.sub(
                    r"(?<=\d)(?=\()", "*", re.sub(r"(\d*)n", rf"\1({n})", values["closed"])
                )
                assert check("expression", values["term"].replace("n", f"({n})"), last).correct
                assert check("expression", closed.replace(")(", ")*("), str(total)).correct
