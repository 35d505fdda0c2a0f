"""How questions are put to models, where the user does not leave that to them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

# How a model is asked that has no chat template.
PLAIN_QUESTION = "plain question"
# Hexadecimal digits of a text's digest for a person.
_DIGITS = 12

# What a runtime may be able to do about it.
Part = Literal["template", "options", "system"]
_OPTIONS: dict[Part, str] = {
    "template": "--quant-chat-template (quant_chat_template)",
    "options": "--quant-template-options (quant_template_options)",
    "system": "--quant-system (quant_system)",
}


@dataclass(frozen=True, slots=True)
class TemplateFile:
    """A chat template of the user's: Jinja source, and the file that it was read from."""

    path: Path
    source: str


@dataclass(frozen=True, slots=True)
class Chat:
    """The template that prompts are put into, what it is told, and a text that goes before all.

    ``template`` is the model's own, if it has one (``auto``), none at all, or one of a file;
    ``options`` are names that the template may use, each with its value as JSON, in order.
    """

    template: Literal["auto", "none"] | TemplateFile = "auto"
    options: tuple[tuple[str, str], ...] = ()
    system: str = ""

    @property
    def key(self) -> tuple[str, ...]:
        """Everything here that may change a prompt, for the key of what is kept."""
        if self == OWN_FORM:
            return ()
        template = self.template
        source = [template.source] if isinstance(template, TemplateFile) else template
        return (json.dumps([source, self.options, self.system]),)

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
        ]
        return ", ".join(filter(None, told))

    def chosen(self) -> Iterator[tuple[Part, str]]:
        """The parts that are not left to the model, each with the options that say so."""
        for part, option in _OPTIONS.items():
            if getattr(self, part) != getattr(OWN_FORM, part):
                yield part, option


# Nothing is said: all is left to the model.
OWN_FORM = Chat()


def _digest(text: str) -> str:
    data = text.encode("utf-8", "surrogatepass")
    return f"sha256:{hashlib.sha256(data).hexdigest()[:_DIGITS]}"
