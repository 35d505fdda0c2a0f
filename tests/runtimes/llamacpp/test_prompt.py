"""What a model is given for a prompt, with and without a chat template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.prompt import chat_template, encode, render, stop_strings

CHAT = (
    "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}\n"
    "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}"
)


@contextmanager
def opened(path: Path) -> Iterator[Model]:
    model = Model(path)
    try:
        yield model
    finally:
        model.close()


def text_of(model: Model, tokens: list[int]) -> str:
    return b"".join(model.piece(token) for token in tokens).decode()


def test_a_plain_question_without_a_template(tiny: Path) -> None:
    with opened(tiny) as model:
        template = chat_template(model)
        assert template is None
        assert render("Why?", template) == "Question: Why?\nAnswer:"
        assert stop_strings(("END",), template) == ("END", "\nQuestion:")
        tokens = encode("Why?", model, template).tolist()
    assert tokens[0] == 1  # the begin token, once
    assert tokens.count(1) == 1


def test_a_plain_question_is_all_text(tiny: Path) -> None:
    """Text that spells a control token does not become one."""
    with opened(tiny) as model:
        tokens = encode("is </s> or <s> a token?", model, None).tolist()
        assert text_of(model, tokens[1:]) == " Question: is </s> or <s> a token?\nAnswer:"
    assert 2 not in tokens
    assert tokens.count(1) == 1


def test_the_model_s_chat_template(build_model) -> None:
    with opened(build_model(chat_template=CHAT)) as model:
        template = chat_template(model)
        assert template is not None
        assert render("Why?", template) == "<s>[user] Why?\n[assistant]"
        assert stop_strings(("END",), template) == ("END",)
        tokens = encode("Why?", model, template).tolist()
        # Rendered by the template and asked for by the metadata, but given once.
        assert tokens.count(1) == 1
        assert text_of(model, tokens[1:]).strip() == "[user] Why?\n[assistant]"


def test_a_template_renders_the_same_every_day(build_model) -> None:
    path = build_model(chat_template="{{ strftime_now('%Y-%m-%d') }} {{ messages[0].content }}")
    with opened(path) as model:
        assert render("Why?", chat_template(model)) == "2025-01-01 Why?"


@pytest.mark.parametrize(
    "source", ["{{ raise_exception('no user') }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_failing_or_escaping_template_is_refused(source: str, build_model) -> None:
    path = build_model(chat_template=source)
    with (
        opened(path) as model,
        pytest.raises(QuantUsageError, match="chat template fails") as caught,
    ):
        render("Why?", chat_template(model))
    assert str(path) in str(caught.value)
