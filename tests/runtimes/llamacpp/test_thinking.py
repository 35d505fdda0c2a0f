"""Marks of thinking that are control tokens, from the file to the judged answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import gguf
import pytest
from benchmarks.faults.model_file import Field, ModelFile

from pytest_quant.checkers import check
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


def answered(path: Path) -> Response:
    with LlamaCppRuntime.open(path, threads=1, parallel=1) as runtime:
        (response,) = runtime.generate([PROMPT], Limits(24)).responses
    return response


@pytest.fixture(scope="module")
def speak(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Speak:
    """Makes the model with random weights say what is wished, by naming the tokens that it writes.

    ``words`` are (text, type) of its tokens in order; ``template`` is its chat template;
    ``never`` are control tokens that it has and does not write.
    """
    written = answered(tiny).tokens[:8]
    assert len(set(written)) > 6

    def say(
        words: Sequence[tuple[str, int]], template: str = "", never: Sequence[str] = ()
    ) -> Response:
        file = ModelFile.read(tiny)
        texts = list(file.fields["tokenizer.ggml.tokens"].value)
        kinds = list(file.fields["tokenizer.ggml.token_type"].value)
        for token, (text, kind) in zip(written, words, strict=False):
            texts[token], kinds[token] = text, int(kind)
        for token, text in zip(UNUSED, never, strict=False):
            texts[token], kinds[token] = text, int(CONTROL)
        file.replace("tokenizer.ggml.tokens", texts)
        file.replace("tokenizer.ggml.token_type", kinds)
        file.replace("tokenizer.ggml.eos_token_id", written[len(words)])
        if template:
            file.fields["tokenizer.chat_template"] = Field(template, gguf.GGUFValueType.STRING)
        path = tmp_path_factory.mktemp("model") / "thinking.gguf"
        file.write(path)
        return answered(path)

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
    response = speak([], f"{TEMPLATE}<think>")
    assert response.text
    assert (response.opened, response.whole) == ("<think>", f"<think>{response.text}")
    outcome = check("constraints", response.whole, "words: 1 to 999")
    assert (outcome.pattern, outcome.reason) == (
        "truncated",
        "the thinking of the response never ended",
    )


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
