"""From the text of a probe to the tokens that a model is given."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Literal, Protocol
from weakref import WeakValueDictionary

import numpy as np
import numpy.typing as npt

from pytest_quant.base.conversation import last_turn, tools_of, under_system, with_tools_told
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.cache import make_directory, write_json
from pytest_quant.runtimes.chat import (
    OWN_FORM,
    PLAIN_STOP,
    Chat,
    TemplateFile,
    plain_question,
)
from pytest_quant.runtimes.llamacpp.gguf_header import read_header
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.template_trial import FORM, examine
from pytest_quant.runtimes.llamacpp.templates import Renderer, Template, TemplateFault
from pytest_quant.runtimes.llamacpp.thinking_switch import manner_of
from pytest_quant.thinking import closes_thinking, has_thought, left_open, shut

_TEMPLATE = "tokenizer.chat_template"


# One process serves all levels that have the same template; it ends with the last of them.
_renderers: WeakValueDictionary[Template, Renderer] = WeakValueDictionary()


class Form(Protocol):
    """How one model is asked.

    ``special``: control tokens are recognised in what is rendered. ``stops`` end an answer besides
    the end tokens. ``thinking`` says whether the model thinks before it answers: ``perhaps``, where
    the template speaks of none and the vocabulary may.
    """

    special: bool
    stops: tuple[str, ...]
    thinking: Literal["yes", "perhaps", "no"]

    def render(self, prompt: str) -> str:
        """The text that the model is given, up to where its answer begins."""
        ...

    def before(self, prompt: str, answer: str) -> str:
        """The text behind which an answer that is given stands: behind the end of any thinking. One
        that has none of its own stands behind an empty thought.
        """
        ...

    def answered(self, prompt: str, answer: str) -> str:
        """That text with the answer behind it."""
        ...

    def opened(self, prompt: str, rendered: str) -> str:
        """The mark of thinking that a rendered prompt leaves open behind the user's message.

        Empty for most models; the reply of the others begins inside their thinking.
        """
        ...


class PlainForm:
    """Questions and answers in plain words, as a base model goes on with; all of it is text.

    A system text stands before them, and turns stand one after the other, an empty line between.
    """

    special: bool = False
    stops: tuple[str, ...] = (PLAIN_STOP,)
    thinking: Literal["yes", "perhaps", "no"] = "no"

    def __init__(self, system: str = "") -> None:
        self._system = system

    def render(self, prompt: str) -> str:
        return plain_question(under_system(prompt, self._system))

    def before(self, prompt: str, answer: str) -> str:  # noqa: ARG002
        return self.render(prompt)

    def answered(self, prompt: str, answer: str) -> str:
        return f"{self.render(prompt)} {answer}"

    def opened(self, prompt: str, rendered: str) -> str:  # noqa: ARG002
        return ""


PLAIN = PlainForm()


class TemplateForm:
    """Messages in a chat template; raises ``QuantUsageError`` for one on which it fails."""

    special: bool = True
    stops: tuple[str, ...] = ()

    def __init__(self, template: Template, chat: Chat, source: str) -> None:
        self._system, self._source = chat.system, source
        try:
            self._manner = manner_of(_renderer(template), chat.thinking)
        except TemplateFault as fault:
            raise _mistake(source, fault) from None
        self._renderer = _renderer(self._manner.template)
        self.thinking: Literal["yes", "perhaps", "no"]
        self.thinking = "yes" if self._manner.thinks else "no" if self._manner.is_off else "perhaps"

    def render(self, prompt: str) -> str:
        try:
            rendered = self._rendered(under_system(prompt, self._system))
        except TemplateFault as fault:
            raise _mistake(self._source, fault) from None
        if self._manner.is_off:
            rendered += self._end_of_thought(prompt, rendered)
        return rendered

    def _rendered(self, prompt: str) -> str:
        """With the tools, if the template takes them; else they are described in words."""
        tools = [tool.get("function", tool) for tool in json.loads(tools_of(prompt) or "[]")]
        if tools and "tools" in self._renderer.names():
            offered = [{"type": "function", "function": tool} for tool in tools]
            # Some take none in a form that others take, or only from a system text.
            with suppress(TemplateFault):
                rendered = self._renderer.render(prompt, options={"tools": offered})
                if all(tool["name"] in rendered for tool in tools):
                    return rendered
        return self._renderer.render(with_tools_told(prompt))

    def before(self, prompt: str, answer: str) -> str:
        rendered = self.render(prompt)
        if not has_thought(answer):
            rendered += self._end_of_thought(prompt, rendered)
        return rendered

    def answered(self, prompt: str, answer: str) -> str:
        return self.before(prompt, answer) + answer

    def opened(self, prompt: str, rendered: str) -> str:
        return left_open(_behind(prompt, rendered))

    def _end_of_thought(self, prompt: str, rendered: str) -> str:
        """What is to stand behind a prompt so that an answer follows, nothing being thought."""
        if opened := self.opened(prompt, rendered):
            return shut(opened, rendered)
        return "" if closes_thinking(_behind(prompt, rendered)) else self._manner.empty


def _behind(prompt: str, rendered: str) -> str:
    """What a template puts behind the user's last words."""
    return rendered.rpartition(last_turn(prompt).strip())[2]


def _renderer(template: Template) -> Renderer:
    return _renderers.setdefault(template, Renderer(template))


def form_of(model: Model, chat: Chat = OWN_FORM) -> Form:
    """How a model is asked: through a template, its own if none is given, or plainly."""
    template = _template(model, chat)
    if template is None:
        return PlainForm(chat.system)
    return TemplateForm(template, chat, _source(model.path, chat))


def check_forms(files: Mapping[str, Path], chat: Chat, cache_dir: Path) -> None:
    """Raise ``QuantUsageError`` for the first file that cannot be asked in this form.

    ``files`` by their digest: what was found to be good once is not tried again.
    """
    good: set[Template] = set()
    own = "-".join(hashlib.sha256(text.encode()).hexdigest() for text in chat.key)
    for digest, path in files.items():
        if not _has_template(path, chat):
            if chat.thinking == "on":
                raise QuantUsageError(
                    f"--quant-thinking (quant_thinking): {path} is asked without a chat template, "
                    "which could switch it on; leave it out"
                )
            if chat.options:
                raise QuantUsageError(
                    f"--quant-template-options (quant_template_options): {path} is asked without a "
                    "chat template, which could read them; leave them out"
                )
            continue
        name = "-".join(filter(None, [digest, version("jinja2"), str(FORM), own]))
        record = cache_dir / "templates" / f"{hashlib.sha256(name.encode()).hexdigest()}.json"
        if record.exists():
            continue
        model = Model(path, vocabulary_only=True)
        try:
            template = _template(model, chat)
        finally:
            model.close()
        try:
            if template and template not in good:
                examine(template, chat.system, chat.thinking)
                good.add(template)
        except TemplateFault as fault:
            raise _mistake(_source(path, chat), fault) from None
        make_directory(record.parent)
        write_json(record, {"path": str(path)})


def _has_template(path: Path, chat: Chat) -> bool:
    if chat.template == "auto":
        return _TEMPLATE in read_header(path).metadata
    return isinstance(chat.template, TemplateFile)


def _template(model: Model, chat: Chat) -> Template | None:
    if isinstance(chat.template, TemplateFile):
        source = chat.template.source
    else:
        source = model.chat_template if chat.template == "auto" else ""
    if not source:
        return None
    return Template(
        source,
        model.begin_text,
        model.end_text,
        adds_begin=model.begin_token is not None,
        options=json.dumps({name: json.loads(value) for name, value in chat.options}),
    )


def _source(path: Path, chat: Chat) -> str:
    """Whose template it is, for a person."""
    if isinstance(chat.template, TemplateFile):
        return f"--quant-chat-template (quant_chat_template): {chat.template.path}: this template"
    return f"{path}: the model's chat template"


def _mistake(source: str, fault: TemplateFault) -> QuantUsageError:
    return QuantUsageError(
        f"{source} {fault}\nrepair it, or give another (--quant-chat-template FILE), or ask "
        "plainly (--quant-chat-template none)"
    )


def encode(prompt: str, model: Model, form: Form) -> npt.NDArray[np.int32]:
    """The token ids of a prompt, with the begin token that the model's metadata asks for."""
    return encode_rendered(form.render(prompt), model, form)


def encode_rendered(rendered: str, model: Model, form: Form) -> npt.NDArray[np.int32]:
    """The same of a prompt that is rendered already."""
    return _with_begin(rendered, model, special=form.special)


def encode_answered(prompt: str, answer: str, model: Model, form: Form) -> npt.NDArray[np.int32]:
    """The token ids of a prompt and an answer that follows it, tokenized as one text."""
    return _with_begin(form.answered(prompt, answer), model, special=form.special)


def encode_text(text: str, model: Model) -> npt.NDArray[np.int32]:
    """The token ids of a text that is neither question nor answer; special tokens are text."""
    return _with_begin(text, model, special=False)


def _with_begin(text: str, model: Model, *, special: bool) -> npt.NDArray[np.int32]:
    tokens = model.tokenize(text, parse_special=special)
    begin = model.begin_token
    if begin is None or (len(tokens) and tokens[0] == begin):
        return tokens
    return np.concatenate([np.array([begin], np.int32), tokens])
