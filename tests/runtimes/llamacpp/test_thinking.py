"""Marks of thinking that are control tokens, from the file to the judged answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gguf
import pytest
from benchmarks.faults.model_file import Field, ModelFile

from pytest_quant.checkers import check
from pytest_quant.runtimes.chat import Chat
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.protocol import Limits, Response

# The model answers it with tokens that differ from each other and from those of the prompt.
PROMPT = "what follows bo 1 da ku?"
UNUSED = (598, 599)
CONTROL, NORMAL = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
TEMPLATE = "Question: {{ messages[0].content }}\nAnswer:"

Speak = Callable[..., Response]


def answered(path: Path, limit: int = 24, **chat: Any) -> Response:
    opened = LlamaCppRuntime.open(path, threads=1, parallel=1, chat=Chat(**chat))
    with opened as runtime:
        (response,) = runtime.generate([PROMPT], Limits(limit)).responses
    return response


@pytest.fixture(scope="module")
def speak(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Speak:
    """Makes the model with random weights say what is wished, by naming the tokens that it writes.

    ``words`` are (text, type) of its tokens in order; ``template`` is its chat template;
    ``never`` are control tokens that it has and does not write.
    """

    def with_template(template: str) -> ModelFile:
        file = ModelFile.read(tiny)
        if template:
            file.fields["tokenizer.chat_template"] = Field(template, gguf.GGUFValueType.STRING)
        return file

    @cache
    def written_to(template: str) -> tuple[int, ...]:
        path = tmp_path_factory.mktemp("model") / "silent.gguf"
        with_template(template).write(path)
        written = answered(path).tokens
        assert len(set(written[:8])) > 6
        return written[:8]

    def say(
        words: Sequence[tuple[str, int]],
        template: str = "",
        never: Sequence[str] = (),
        **asked: Any,
    ) -> Response:
        file, written = with_template(template), written_to(template)
        texts = list(file.fields["tokenizer.ggml.tokens"].value)
        kinds = list(file.fields["tokenizer.ggml.token_type"].value)
        for token, (text, kind) in zip(written, words, strict=False):
            texts[token], kinds[token] = text, int(kind)
        for token, text in zip(UNUSED, never, strict=False):
            texts[token], kinds[token] = text, int(CONTROL)
        file.replace("tokenizer.ggml.tokens", texts)
        file.replace("tokenizer.ggml.token_type", kinds)
        file.replace("tokenizer.ggml.eos_token_id", written[len(words)])
        path = tmp_path_factory.mktemp("model") / "thinking.gguf"
        file.write(path)
        return answered(path, **asked)

    return say


@pytest.mark.parametrize("kind", [CONTROL, NORMAL, gguf.TokenType.USER_DEFINED])
def test_a_thought_is_not_the_answer(kind: int, speak: Speak) -> None:
    thought = [("<think>", kind), ("\u2581Rome", NORMAL), ("</think>", kind)]
    response = speak([*thought, ("\u2581Paris", NORMAL)])
    assert response.finish == "end"
    assert "".join(response.whole.split()) == "<think>Rome</think>Paris"
    assert check("text", response.whole, "Paris", aliases=[], forbidden=["Rome"]).correct


def test_channels(speak: Speak) -> None:
    response = speak(
        [
            *(("<|channel|>", CONTROL), ("analysis", NORMAL), ("\u2581Rome", NORMAL)),
            *(("<|end|>", CONTROL), ("<|channel|>final", CONTROL), ("\u2581Paris", NORMAL)),
        ],
        # By these llama.cpp tells that <|end|> does not end a generation.
        never=("<|return|>", "<|call|>"),
    )
    assert check("text", response.whole, "Paris", forbidden=["Rome"]).correct


def test_thinking_that_the_prompt_opened(speak: Speak) -> None:
    response = speak([("\u2581Rome", NORMAL)], f"{TEMPLATE}<think>")
    assert response.text == "Rome"
    assert (response.opened, response.whole) == ("<think>", f"<think>{response.text}")
    outcome = check("constraints", response.whole, "words: 1 to 999")
    assert (outcome.pattern, outcome.reason) == (
        "truncated",
        "the thinking of the response never ended",
    )


THINKS = f"{TEMPLATE}{{# </think> #}}"


@pytest.mark.parametrize("opens", ["prompt", "model"])
def test_thinking_has_a_limit_of_its_own(opens: str, speak: Speak) -> None:
    """Three tokens of thinking, its end among them, and an answer of two."""
    mark = [("<think>", CONTROL)] if opens == "model" else []
    template = THINKS if opens == "model" else f"{TEMPLATE}<think>"
    words = [("\u2581Rome", NORMAL), ("\u2581No", NORMAL), ("</think>", CONTROL)]
    said = [*mark, *words, ("\u2581Paris", NORMAL), ("\u2581is", NORMAL), ("\u2581it", NORMAL)]
    response = speak(said, template, limit=2, budget=3)
    # The mark that the model writes is one of its own tokens.
    answer = 2 - len(mark)
    assert (response.thought, len(response.tokens)) == (3, 5)
    assert response.finish == "length"
    assert response.whole.split("</think>")[1].split() == ["Paris", "is"][:answer]
    cut = speak(said, template, limit=2, budget=2)
    assert (cut.thought, cut.finish, len(cut.tokens)) == (2, "length", 2 + len(mark))
    assert not cut.is_answered


def test_a_model_that_knows_no_marks_has_no_further_room(tiny: Path) -> None:
    assert len(answered(tiny, limit=4).tokens) == 4


def test_thinking_that_is_switched_off(speak: Speak) -> None:
    response = speak([], f"{TEMPLATE}<think>", thinking="off", limit=4)
    assert (response.opened, response.thought, len(response.tokens)) == ("", 0, 4)


def test_what_is_scored_stands_behind_the_thinking(build_model) -> None:
    """The same as behind a template that ends the thinking itself."""
    found = []
    for end in ("<think>", "<think>\n\n</think>\n\n"):
        path = build_model(chat_template=f"{TEMPLATE}{{{{ {end!r} }}}}")
        with LlamaCppRuntime.open(path, threads=1) as runtime:
            found.append(runtime.score(["why"], [["ba", "do"]]).likelihoods)
    assert found[0] == found[1]


def test_a_prompt_that_ends_the_thinking_opens_nothing(speak: Speak) -> None:
    response = speak([("\u2581Rome", NORMAL)], f"{TEMPLATE}<think>\n\n</think>\n")
    assert response.opened == ""


def test_a_mark_in_the_question_opens_nothing(build_model) -> None:
    path = build_model(chat_template="{{ messages[0].content }} Answer:")
    with LlamaCppRuntime.open(path, threads=1, parallel=1) as runtime:
        (response,) = runtime.generate(["What does <think> do?"], Limits(4)).responses
    assert response.opened == ""


def test_the_end_of_a_generation_is_not_written(tiny: Path) -> None:
    model = Model(tiny)
    assert Vocabulary(model).to_bytes([2]) == b""
    model.close()
