"""What a model is given for a prompt, with and without a chat template."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_quant.base.conversation import Conversation, Message
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.chat import Chat, TemplateFile
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.prompt import PLAIN, PlainForm, encode, form_of

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
        form = form_of(model)
        assert form.render("Why?") == "Question: Why?\nAnswer:"
        assert form.stops == ("\nQuestion:",)
        tokens = encode("Why?", model, form).tolist()
    assert tokens[0] == 1  # the begin token, once
    assert tokens.count(1) == 1


def test_a_plain_question_is_all_text(tiny: Path) -> None:
    """Text that spells a control token does not become one."""
    with opened(tiny) as model:
        tokens = encode("is </s> or <s> a token?", model, PLAIN).tolist()
        assert text_of(model, tokens[1:]) == " Question: is </s> or <s> a token?\nAnswer:"
    assert 2 not in tokens
    assert tokens.count(1) == 1


def test_the_model_s_chat_template(build_model) -> None:
    with opened(build_model(chat_template=CHAT)) as model:
        form = form_of(model)
        assert form.render("Why?") == "<s>[user] Why?\n[assistant]"
        assert form.stops == ()
        tokens = encode("Why?", model, form).tolist()
        # Rendered by the template and asked for by the metadata, but given once.
        assert tokens.count(1) == 1
        assert text_of(model, tokens[1:]).strip() == "[user] Why?\n[assistant]"


def test_a_template_renders_the_same_every_day(build_model) -> None:
    path = build_model(chat_template="{{ strftime_now('%Y-%m-%d') }} {{ messages[0].content }}")
    with opened(path) as model:
        assert form_of(model).render("Why?") == "2025-01-01 Why?"


@pytest.mark.parametrize(
    "source", ["{{ raise_exception('no user') }}", "{{ ''.__class__.__mro__[1].__subclasses__() }}"]
)
def test_a_failing_or_escaping_template_is_refused(source: str, build_model) -> None:
    path = build_model(chat_template=source)
    with (
        opened(path) as model,
        pytest.raises(QuantUsageError, match="chat template fails") as caught,
    ):
        form_of(model).render("Why?")
    assert str(path) in str(caught.value)


TURNS = Conversation(
    [Message("user", "Name a colour."), Message("assistant", "Red."), Message("user", "Another?")]
)


def test_turns_without_a_template() -> None:
    assert PLAIN.render(TURNS) == (
        "Question: Name a colour.\nAnswer: Red.\n\nQuestion: Another?\nAnswer:"
    )
    assert PlainForm("Be brief.").render("Why?") == "Be brief.\n\nQuestion: Why?\nAnswer:"
    assert PlainForm("Be brief.").answered(TURNS, "Blue.").startswith("Be brief.\n\nQuestion: Na")
    # One's own goes before.
    own = Conversation([Message("system", "Be long."), Message("user", "Why?")])
    assert PlainForm("Be brief.").render(own) == "Be long.\n\nQuestion: Why?\nAnswer:"


def test_turns_in_a_template(build_model) -> None:
    with opened(build_model(chat_template=CHAT)) as model:
        rendered = form_of(model, Chat(system="Be brief.")).render(TURNS)
    assert rendered == (
        "<s>[system] Be brief.\n[user] Name a colour.\n[assistant] Red.\n[user] Another?\n"
        "[assistant]"
    )


def test_a_template_instead_of_the_model_s_own(build_model) -> None:
    file = TemplateFile(Path("mine.jinja"), "<{{ tone }}>{{ messages[0].content }}")
    chat = Chat(file, options=(("tone", '"dry"'),))
    with opened(build_model(chat_template=CHAT)) as model:
        assert form_of(model, Chat("none")).render("Why?") == PLAIN.render("Why?")
        assert form_of(model, chat).render("Why?") == "<dry>Why?"
        with pytest.raises(QuantUsageError, match=r"mine\.jinja: this template drops"):
            form_of(model, chat).render(TURNS)
