"""Scripted answers under the limits of a runtime, and what it knows of their likelihood."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.runtimes.protocol import Lacking, Limits, PromptTooLong
from pytest_quant.runtimes.scripted.runtime import ScriptedRuntime
from pytest_quant.runtimes.scripted.script import read_script

POEM = "Roses are red,\nviolets are blue."


def opened(directory: Path, **entries: Any) -> ScriptedRuntime:
    path = directory / "answers.json"
    path.write_text(json.dumps({"runtime": "scripted", "default": POEM, **entries}))
    return ScriptedRuntime(read_script(path), threads=1)


@pytest.mark.parametrize(
    ("limits", "text", "finish", "tokens"),
    [
        (Limits(6), POEM, "end", 6),
        (Limits(5), "Roses are red,\nviolets are", "length", 5),
        (Limits(1), "Roses", "length", 1),
        (Limits(6, ("\n",)), "Roses are red,", "stop", 3),
        (Limits(6, ("blue", "are")), "Roses", "stop", 2),
        (Limits(6, ("Roses",)), "", "stop", 1),
        (Limits(2, ("blue",)), "Roses are", "length", 2),
        (Limits(6, ("x", "(")), POEM, "end", 6),
        (Limits(6, deadline_s=0.0), "", "deadline", 0),
        (Limits(6, deadline_s=60.0), POEM, "end", 6),
    ],
)
def test_limits_end_an_answer(
    tmp_path: Path, limits: Limits, text: str, finish: str, tokens: int
) -> None:
    (response,) = opened(tmp_path).generate(["Say a poem"], limits).responses
    assert (response.text, response.finish) == (text, finish)
    assert (len(response.tokens), response.prompt_tokens, response.logprobs) == (tokens, 3, ())


@pytest.mark.parametrize(
    ("said", "text", "finish", "thought"),
    [
        (
            "<think> so it is </think> a b c",
            "<think> so it is </think> a b",
            "length",
            4,
        ),
        ("<think> so it is </think> red", "<think> so it is </think> red", "end", 4),
        ("<think> so it is what it is", "<think> so it is what", "length", 4),
        ("red and blue and green", "red and blue", "length", 0),
    ],
)
def test_thinking_has_a_limit_of_its_own(
    tmp_path: Path, said: str, text: str, finish: str, thought: int
) -> None:
    """The mark that opens it is a word of the answer's three."""
    runtime = opened(tmp_path, default=said)
    (response,) = ScriptedRuntime(runtime._script, 1, 4).generate(["Why?"], Limits(3)).responses
    assert (response.text, response.finish, response.thought) == (text, finish, thought)


def test_the_context_holds_prompt_and_answer(tmp_path: Path) -> None:
    runtime = opened(tmp_path, context=4)
    (response,) = runtime.generate(["Say a poem"], Limits(100)).responses
    assert (response.text, response.finish) == ("Roses", "length")
    with pytest.raises(PromptTooLong) as caught:
        runtime.generate(["Say", "Say a long poem"], Limits(100))
    assert (caught.value.index, caught.value.length, caught.value.context) == (1, 4, 4)


def test_an_empty_answer_ends_at_once(tmp_path: Path) -> None:
    (response,) = opened(tmp_path, default=" \n").generate(["Say"], Limits(5)).responses
    assert (response.text, response.finish, response.tokens) == ("", "end", ())


def test_likelihoods_are_those_of_the_script_or_not_known(tmp_path: Path) -> None:
    with pytest.raises(Lacking, match="the scripted runtime does not say how likely"):
        opened(tmp_path).score(["p"], [["a"]])
    runtime = opened(tmp_path, logprobs={"said": -0.25, "other": -4})
    (response,) = runtime.generate(["p"], Limits(2)).responses
    assert response.logprobs == (-0.25, -0.25)
    texts = ["Roses", "Roses were red,", POEM, "Lilies are red,"]
    scores = runtime.score(["p q"], [texts])
    assert [one.total for one in scores.likelihoods[0]] == [-0.25, -8.25, -1.5, -12.0]
    assert scores.likelihoods[0][0].tokens == response.tokens[:1]
    assert scores.prompt_tokens == 2 + 1 + 3 + 6 + 3


def test_scores_are_bound_by_context_and_deadline(tmp_path: Path) -> None:
    runtime = opened(tmp_path, context=4, logprobs={"said": -1, "other": -1})
    assert runtime.score(["p"], [["a"]], deadline_s=0.0).likelihoods == ((),)
    with pytest.raises(PromptTooLong):
        runtime.score(["p q"], [["a", "b c d"]])
    with pytest.raises(ValueError, match="empty text"):
        runtime.score(["p"], [["a", " "]])
