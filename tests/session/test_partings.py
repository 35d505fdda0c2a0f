"""Where two answers part: which cases are read, behind what, and why others are not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.reports.records import measured

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.measurement import CaseResult
from pytest_quant.metrics.parting import Candidate, Outlook, Parting
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import (
    END,
    Finish,
    Lacking,
    NextToken,
    NextTokens,
    Response,
    RuntimeInfo,
)
from pytest_quant.runtimes.responses import Outlooks, ResponseCache
from pytest_quant.session import partings
from pytest_quant.session.partings import PartingReader

WORDS = ["zero", "one", "two", "three", "four"]
PROBE = Probe(
    id="sums",
    category="numerical_reasoning",
    subcategory="s",
    difficulty=1,
    prompt="{x}",
    clean=None,
    expect="{x}",
    check="text",
    check_options={},
    path="p.yaml",
    line=3,
    parameters={},
    pinned=(),
)
# Of six cases the first two are lost.
CASES = measured("sums", "q4", right=6, lost=2, n=6).cases
Asked = tuple[str, list[str], list[list[int]], list[list[int]]]


def word(token: int) -> str:
    return "" if token == END else WORDS[token]


class Models:
    """Both models, which find every token as likely; remembers what was asked."""

    def __init__(self, name: Callable[[str, int], str] = lambda _level, token: word(token)) -> None:
        self.asked: list[Asked] = []
        self._name = name

    def __call__(
        self, level: str, prompts: list[str], said: list[list[int]], wanted: list[list[int]]
    ) -> tuple[NextTokens, ...]:
        self.asked.append((level, prompts, said, wanted))
        return tuple(
            NextTokens(
                " ".join(word(token) for token in before),
                tuple(NextToken(self._name(level, token), -1.0) for token in tokens),
                (NextToken("one", -0.5), NextToken("", -0.7)),
            )
            for before, tokens in zip(said, wanted, strict=True)
        )


def read(
    models: Callable[..., tuple[NextTokens, ...]],
    reference: Sequence[int],
    level: Sequence[int],
    *,
    finish: Finish = "end",
    cases: Sequence[CaseResult] = CASES,
    sizes: Sequence[int] = (6,),
    at_hand: bool = True,
    probe: Probe = PROBE,
) -> tuple[list[Parting | None], str]:
    """The partings of cases to which both gave the same two answers."""
    reader = PartingReader("f16", models, at_hand=at_hand)
    prompts = [case.prompt for case in cases]
    for name, tokens in (("f16", reference), ("q4", level)):
        response = Response("", tuple(tokens), (), finish, 3)
        reader.keep(name, probe.max_tokens, prompts, [response] * len(prompts))
    found, problem = reader.add(probe, "q4", cases, sizes, probe.max_tokens)
    return [case.parting for case in found], problem


def test_the_place_and_what_both_expected_there() -> None:
    models = Models()
    found, problem = read(models, [2, 3, 4], [2, 1])
    assert problem == ""
    outlook = Outlook(
        pytest.approx(0.368, abs=0.001),
        pytest.approx(0.368, abs=0.001),
        (
            Candidate("one", pytest.approx(0.607, abs=0.001)),
            Candidate("", pytest.approx(0.497, abs=0.001)),
        ),
    )
    assert found[0] == Parting(1, "two", "three", "one", outlook, outlook)
    # Of what came out alike nothing is read.
    assert found[2:] == [None] * 4
    prompts = [case.prompt for case in CASES[:2]]
    assert models.asked == [(name, prompts, [[2]] * 2, [[3, 1]] * 2) for name in ("f16", "q4")]


@pytest.mark.parametrize(
    ("reference", "level", "finish", "told"),
    [
        ([2, 3], [2], "end", ("three", "")),
        ([], [2], "end", ("", "two")),
        # Nobody knows how the shorter one would have gone on.
        ([2, 3], [2], "length", None),
        ([2, 3], [2, 3], "end", None),
    ],
)
def test_answers_of_which_one_goes_on(
    reference: list[int], level: list[int], finish: Finish, told: tuple[str, str] | None
) -> None:
    found, problem = read(Models(), reference, level, finish=finish)
    if told is None:
        assert (found[0], problem) == (None, "")
    else:
        assert found[0] is not None
        assert (found[0].reference, found[0].level) == told


def test_what_was_read_stays_where_more_is_asked() -> None:
    """Each part by itself, so that what is kept of the first ones is found again."""
    first, then = Models(), Models()
    read(first, [2], [3], cases=CASES[:2], sizes=(1, 1))
    read(then, [2], [3], sizes=(1, 1, 4))
    assert first.asked == then.asked
    assert [len(prompts) for _, prompts, _, _ in then.asked] == [1, 1, 1, 1]


def test_long_prompts_are_not_all_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partings, "MOST_CHARACTERS", 10)
    found, problem = read(Models(), [2], [3])
    assert [parting is not None for parting in found[:2]] == [True, False]
    assert problem == ""


def test_why_nothing_is_read() -> None:
    def lacking(*_asked: object) -> tuple[NextTokens, ...]:
        raise Lacking("brought", "candidates")

    def failing(*_asked: object) -> tuple[NextTokens, ...]:
        raise RuntimeFailed("no memory\nand more")

    others = Models(lambda level, token: word(token) + level)
    why = {
        "f16 is not at hand": read(Models(), [2], [3], at_hand=False),
        "the tokens of q4 are not known": read(Models(), [], []),
        "q4 does not write in f16's tokens": read(others, [2], [3]),
        "no memory": read(failing, [2], [3]),
        "the brought runtime does not show which tokens it finds likely to come next": read(
            lacking, [2], [3]
        ),
        # Nothing came out differently; and of a choice the options' probabilities are known.
        "": read(lacking, [2], [3], cases=CASES[2:], sizes=(4,)),
    }
    for problem, found in why.items():
        assert found == ([None] * len(found[0]), problem)
    likely = replace(PROBE, by="likelihood")
    assert read(lacking, [2], [3], probe=likely) == ([None] * 6, "")


def test_it_is_kept_between_sessions(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path)
    info = RuntimeInfo("r", "1", "b", "h", 1, 1, 8)
    made = Outlooks((NextTokens("a", (NextToken("", -0.25),), (NextToken("b", float("-inf")),)),))
    times = []

    def foresee() -> tuple[Outlooks, RuntimeInfo]:
        times.append(1)
        return made, info

    for origin, asked in [("x", [1]), ("x", [1]), ("y", [1]), ("x", [2])]:
        assert cache.get_or_foresee([origin], asked, foresee) == (made, info)
    assert len(times) == 3
