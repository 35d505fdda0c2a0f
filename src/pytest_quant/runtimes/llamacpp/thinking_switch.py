"""A template's own switch of thinking, found by trying it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from pytest_quant.runtimes.chat import Thinking
from pytest_quant.runtimes.llamacpp.templates import Renderer, Template, TemplateFault
from pytest_quant.thinking import closes_thinking, empty_thought, left_open

_ASKED = "Which bird sings before sunrise?"
_SWITCHES = ("enable_thinking", "thinking")
_EFFORT = "reasoning_effort"
# Words for no effort; the others are only where a template ends the thinking by them.
_NO_EFFORT, _LITTLE_EFFORT = ("none", "no_think"), ("minimal", "low")

_Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model thinks that is asked through ``template``.

    ``empty`` is a thought of no words as it would write it, or "" if it writes none. ``thinks``:
    it may think before it answers. ``is_off``: it is not to.
    """

    template: Template
    empty: str
    thinks: bool
    is_off: bool = False


def manner_of(renderer: Renderer, thinking: Thinking) -> Manner:
    """The renderer's template with its own switch, if it has one, where it is to be.

    Raises ``TemplateFault``, also where a model is to think that has neither switch nor marks of
    thinking. That such a model is not to think is as it is.
    """
    template = renderer.template
    own, empty = _prompt(renderer, {}), empty_thought(template.source)
    switch = next(_switches(renderer), None)
    if thinking == "auto":
        is_on = not (switch and own == _prompt(renderer, switch["off"]))
        thinks = is_on and bool(empty or left_open(_end(own)))
        return Manner(template, empty if thinks else "", thinks)
    chosen = switch[thinking] if switch else {}
    given = json.loads(template.options)
    if twice := next((name for name in chosen if name in given), None):
        raise TemplateFault(
            f"is told {twice!r} by --quant-template-options as well as by --quant-thinking; give "
            "one of the two"
        )
    told = replace(template, options=json.dumps(given | chosen))
    if thinking == "off":
        # What the switch writes is enough, if nothing is.
        return Manner(told, "" if switch else empty, thinks=False, is_off=True)
    if not (switch or empty or left_open(_end(own))):
        raise TemplateFault(
            f"has no switch for thinking ({', '.join((*_SWITCHES, _EFFORT))}) and no mark of it, "
            "so that --quant-thinking=on would change nothing"
        )
    return Manner(told, empty, thinks=True)


def _switches(renderer: Renderer) -> Iterator[dict[Literal["on", "off"], _Options]]:
    """What a template reads that makes another prompt when it is on than when it is off."""
    names, source = renderer.names(), renderer.template.source
    for name in _SWITCHES:
        on, off = {name: True}, {name: False}
        if name in names and _prompt(renderer, on) != _prompt(renderer, off):
            yield {"on": on, "off": off}
    for word in (*_NO_EFFORT, *_LITTLE_EFFORT) if _EFFORT in names else ():
        if re.search(rf"[\"']{word}[\"']", source):
            effort: dict[Literal["on", "off"], _Options]
            effort = {"on": {_EFFORT: "high"}, "off": {_EFFORT: word}}
            if word in _NO_EFFORT or closes_thinking(_end(_prompt(renderer, effort["off"]))):
                yield effort


def _prompt(renderer: Renderer, options: _Options) -> str:
    return renderer.render(_ASKED, options=options)


def _end(prompt: str) -> str:
    return prompt.rpartition(_ASKED)[2]
