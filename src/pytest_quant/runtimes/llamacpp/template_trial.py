"""A chat template is tried on known words before a model is asked through it."""

from __future__ import annotations

import difflib
import json

from pytest_quant.base.conversation import Conversation, Message, messages_of, under_system
from pytest_quant.runtimes.chat import Thinking
from pytest_quant.runtimes.llamacpp.templates import Renderer, Template, TemplateFault, changed
from pytest_quant.runtimes.llamacpp.thinking_switch import manner_of
from pytest_quant.thinking import only_marks

# Of how a template is tried; what was found to be good by another form is tried again.
FORM = 2

# What a template is tried on: all sorts of characters, and length.
_SHORT = "Which bird sings before sunrise?"
_LONG = "\n\n".join(
    [
        'Line one says "quoted", it\'s <tagged>, a & b, C:\\path, {{ braces }}, 100 % and \u00e9 '
        "\u6570 \U0001f426.",
        " ".join(f"word{number}" for number in range(2500)),
        "What was the last word?",
    ]
)
_REPLY = "The blackbird sings earliest."


def examine(template: Template, system: str = "", thinking: Thinking = "auto") -> None:
    """Render known words twice, in two processes, ``system`` before them.

    ``thinking`` says how its own switch is to be set. Raises ``TemplateFault``.
    """
    renderer = Renderer(template)
    try:
        _check_options(renderer.names(), template)
        manner_of(renderer, thinking)
        first = _rendered(renderer, system)
        _check_begin(first[0], template)
        _check_end(renderer, first[0], system, template)
    finally:
        renderer.close()
    again = Renderer(template)
    try:
        if _rendered(again, system) != first:
            raise TemplateFault("gives another prompt each time")
    finally:
        again.close()
    for message, prompt in zip((_SHORT, _LONG), first, strict=True):
        found = _squeezed(prompt).count(_squeezed(message))
        if found > 1:
            raise TemplateFault(f"repeats what the user says ({found} times in the prompt)")
        if not found:
            raise changed("user", message, prompt)


def _rendered(renderer: Renderer, system: str) -> list[str]:
    return [renderer.render(under_system(message, system)) for message in (_SHORT, _LONG)]


def _check_options(names: frozenset[str], template: Template) -> None:
    """An option that a template does not read would change nothing, in silence."""
    for name in json.loads(template.options):
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise TemplateFault(f"reads no option {name!r}{hint}, so that it would change nothing")


def _check_begin(prompt: str, template: Template) -> None:
    begin = template.begin
    if not begin:
        return
    if prompt.startswith(begin + begin):
        raise TemplateFault(f"begins a prompt with two begin tokens ({begin})")
    before = prompt.partition(_SHORT)[0]
    is_late = begin in before and not prompt.startswith(begin)
    if is_late and template.adds_begin and begin != template.end:
        raise TemplateFault(
            f"puts the begin token ({begin}) behind {before.partition(begin)[0][:20]!r}: the model "
            "is given one before all, and would read two"
        )


def _check_end(renderer: Renderer, prompt: str, system: str, template: Template) -> None:
    """A prompt ends where an answer begins in a conversation, if the template shows where."""
    question = under_system(_SHORT, system)
    try:
        unasked = renderer.render(question, answer=False)
        said = (*messages_of(question), Message("assistant", _REPLY))
        whole = renderer.render(Conversation(said), answer=False)
    except TemplateFault:
        return  # it takes a question alone
    before, reply, _ = whole.partition(_REPLY)
    if not reply:
        return
    ended, before = prompt.rstrip(), before.rstrip()
    lacking = before.removeprefix(ended).strip() if before.startswith(ended) else ""
    # A template that heeds it may leave the rest to the model, such as the name of a channel.
    if lacking and ended == unasked.rstrip() and not only_marks(lacking):
        raise TemplateFault(
            f"ends in the wrong place: {lacking[-60:]!r}, behind which an answer stands, is not "
            "there (it does not heed add_generation_prompt)"
        )
    if template.end and ended.endswith(template.end) and not before.startswith(ended):
        raise TemplateFault(f"ends in the wrong place: behind the end token ({template.end})")


def _squeezed(text: str) -> str:
    return " ".join(text.split())
