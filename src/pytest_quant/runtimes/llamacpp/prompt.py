"""From the text of a probe to the tokens that a model is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.library import Jinja2ChatFormatter, Model

ChatTemplate = Callable[[str], str]

# A base model goes on to invent the next question; that is where its answer ends.
PLAIN_STOP = "\nQuestion:"


class _DatelessFormatter(Jinja2ChatFormatter):
    """A chat template, run in Jinja's sandbox, that renders the same on every day."""

    @staticmethod
    def strftime_now(f: str) -> str:
        return datetime(2025, 1, 1).strftime(f)


def chat_template(model: Model) -> ChatTemplate | None:
    """The model's own chat template as a function of one user message; ``None`` without one."""
    if not model.chat_template:
        return None
    formatter = _DatelessFormatter(
        template=model.chat_template, bos_token=model.begin_text, eos_token=model.end_text
    )

    def fill(prompt: str) -> str:
        try:
            return str(formatter(messages=[{"role": "user", "content": prompt}]).prompt)
        except Exception as error:
            raise QuantUsageError(
                f"{model.path}: the model's chat template fails on a user message: {error}\n"
                "repair tokenizer.chat_template in the GGUF, or remove it to ask plainly"
            ) from error

    return fill


def render(prompt: str, template: ChatTemplate | None) -> str:
    """One user message in the model's chat template, or a plain question without one."""
    return template(prompt) if template else f"Question: {prompt}\nAnswer:"


def stop_strings(stop: tuple[str, ...], template: ChatTemplate | None) -> tuple[str, ...]:
    """The stop strings that apply: the caller's, and the end of a plain answer."""
    return stop if template else (*stop, PLAIN_STOP)


def encode(prompt: str, model: Model, template: ChatTemplate | None) -> npt.NDArray[np.int32]:
    """The token ids of a prompt, with the begin token that the model's metadata asks for.

    Special tokens are recognised only in a rendered template; a plain question is all text.
    """
    return _with_begin(render(prompt, template), model, special=template is not None)


def encode_answered(
    prompt: str, answer: str, model: Model, template: ChatTemplate | None
) -> npt.NDArray[np.int32]:
    """The token ids of a prompt and an answer that follows it, tokenized as one text."""
    text = render(prompt, template) + (answer if template else f" {answer}")
    return _with_begin(text, model, special=template is not None)


def encode_text(text: str, model: Model) -> npt.NDArray[np.int32]:
    """The token ids of a text that is neither question nor answer; special tokens are text."""
    return _with_begin(text, model, special=False)


def _with_begin(text: str, model: Model, *, special: bool) -> npt.NDArray[np.int32]:
    tokens = model.tokenize(text, parse_special=special)
    begin = model.begin_token
    if begin is None or (len(tokens) and tokens[0] == begin):
        return tokens
    return np.concatenate([np.array([begin], np.int32), tokens])
