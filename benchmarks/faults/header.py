"""Faults of what a file says about itself: constants, tokens, templates."""

from __future__ import annotations

import gguf

from .model_file import Field, ModelFile

_TEMPLATE = "tokenizer.chat_template"
_PLAIN = "Question: {{ messages[0]['content'] }}\nAnswer:"
_CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
TEMPLATES = ("trailing space", "system prompt", "other markup")


def change_rope_base(model: ModelFile, factor: float) -> None:
    """The base of the rotary positions times a factor."""
    model["rope.freq_base"] = float(model["rope.freq_base"]) * factor


def change_rms_epsilon(model: ModelFile, epsilon: float) -> None:
    """Another epsilon in every norm."""
    model["attention.layer_norm_rms_epsilon"] = epsilon


def cut_context(model: ModelFile, tokens: int) -> None:
    """A shorter context than the model was trained with."""
    model["context_length"] = tokens


def shift_tokens(model: ModelFile, count: int) -> None:
    """The texts of ``count`` neighbouring tokens moved on by one, the last of them to the front.

    The pieces that come first are those merged first, so also the most frequent ones.
    """
    name = "tokenizer.ggml.tokens"
    texts = list(model.fields[name].value)
    kinds = model.fields["tokenizer.ggml.token_type"].value
    first = next(
        i for i, kind in enumerate(kinds) if kind == gguf.TokenType.NORMAL and len(texts[i]) > 1
    )
    last = min(first + count, len(texts))
    texts[first:last] = [texts[last - 1], *texts[first : last - 1]]
    model.replace(name, texts)


def lose_end_token(model: ModelFile, _dose: int) -> None:
    """The end token is a token like any other, and no token ends a text."""
    texts = list(model.fields["tokenizer.ggml.tokens"].value)
    kinds = list(model.fields["tokenizer.ggml.token_type"].value)
    end = model.fields["tokenizer.ggml.eos_token_id"].value
    # llama.cpp also knows usual end tokens by their text.
    texts[end], kinds[end] = "</lost>", int(gguf.TokenType.NORMAL)
    model.replace("tokenizer.ggml.tokens", texts)
    model.replace("tokenizer.ggml.token_type", kinds)
    model.replace(
        "tokenizer.ggml.eos_token_id", model.fields["tokenizer.ggml.unknown_token_id"].value
    )


def lose_begin_token(model: ModelFile, _dose: int) -> None:
    """No begin token before a text."""
    model.replace("tokenizer.ggml.add_bos_token", False)


def change_template(model: ModelFile, change: str) -> None:
    """Another chat template than the model was trained with, or one where it had none."""
    own = model.fields.get(_TEMPLATE)
    template = str(own.value) if own else _PLAIN
    changed = {
        "trailing space": f"{template} ",
        "system prompt": f"You are a helpful assistant.\n{template}",
        "other markup": _CHATML,
    }[change]
    model.fields[_TEMPLATE] = Field(changed, gguf.GGUFValueType.STRING)
