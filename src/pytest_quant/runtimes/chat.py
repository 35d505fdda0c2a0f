"""How questions are put to models, where the user does not leave that to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pytest_quant.base.conversation import Message, messages_of, with_tools_told

# How a model is asked that has no chat template.
PLAIN_QUESTION = "plain question"
# A base model goes on to invent the next question; that is where its answer ends.
PLAIN_STOP = "\nQuestion:"
# Hexadecimal digits of a text's digest for a person.
_DIGITS = 12

# Tokens that a model may think before each answer: enough for most questions, and no night's work.
THINKING_BUDGET = 2048
MOST_THINKING = 1_000_000

# What a runtime may be able to do about it.
Part = Literal["template", "options", "system", "thinking", "budget"]
Thinking = Literal["auto", "on", "off"]
_OPTIONS: dict[Part, str] = {
    "template": "--quant-chat-template (quant_chat_template)",
    "options": "--quant-template-options (quant_template_options)",
    "system": "--quant-system (quant_system)",
    "thinking": "--quant-thinking (quant_thinking)",
    "budget": "--quant-thinking-budget (quant_thinking_budget)",
}


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A chat template of the user's: Jinja source, and the file that it was read from."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class Chat:
    """The template that prompts are put into, what it is told, and whether a model thinks.

    ``template`` is the model's own, if it has one (``auto``), none at all, or one of a file;
    ``options`` are names that the template may use, each with its value as JSON, in order.
    ``thinking`` switches that on or off; ``budget`` bounds it, in tokens, apart from the answer.
    """

    template: Literal["auto", "none"] | TemplateFile = "auto"
    options: tuple[tuple[str, str], ...] = ()
    system: str = ""
    thinking: Thinking = "auto"
    budget: int = THINKING_BUDGET

    @property
    def key(self) -> tuple[str, ...]:
        """Everything here that may change a prompt, for the key of what is kept."""
        if self == OWN_FORM:
            return ()
        template = self.template
        source = [template.source] if isinstance(template, TemplateFile) else template
        told = [source, self.options, self.system, self.thinking, self.budget]
        return (json.dumps(told),)

    def form(self, own: str) -> str:
        """How a model is asked, for a person; ``own`` is how it is asked by itself."""
        if isinstance(self.template, TemplateFile):
            own = f"chat template of a file {_digest(self.template.source)}"
        elif self.template == "none":
            own = PLAIN_QUESTION
        options = " ".join(f"{name}={value}" for name, value in self.options)
        told = [
            own,
            f"options {options}" if options else "",
            f"system text {_digest(self.system)}" if self.system else "",
            "" if self.thinking == "auto" else f"thinking {self.thinking}",
            "" if self.budget == THINKING_BUDGET else f"thinking budget {self.budget}",
        ]
        return ", ".join(filter(None, told))

    def chosen(self) -> Iterator[tuple[Part, str]]:
        """The parts that are not left to the model, each with the options that say so."""
        for part, option in _OPTIONS.items():
            if getattr(self, part) != getattr(OWN_FORM, part):
                yield part, option


# Nothing is said: all is left to the model.
OWN_FORM = Chat()


def plain_question(prompt: str) -> str:
    """Questions and answers in plain words, up to where the next answer begins."""
    return "".join(map(_plain, messages_of(with_tools_told(prompt)))) + "\nAnswer:"


def _plain(message: Message) -> str:
    return {
        "system": f"{message.content}\n\n",
        "user": f"Question: {message.content}",
        "assistant": f"\nAnswer: {message.content}\n\n",
    }[message.role]


def _digest(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(data).hexdigest()[:_DIGITS]}"
