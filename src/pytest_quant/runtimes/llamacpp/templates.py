"""A chat template: foreign code, run in a process of its own.

It comes with the model's file, or from somewhere else. It may not compile, refuse, never end, take
all memory or lose what is said; and it may do so for some messages only. So it never runs in this
process, however often it is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_quant.base.conversation import Role, messages_of
from pytest_quant.runtimes.llamacpp import template_inside
from pytest_quant.thinking import read

# Processor time of one rendering, memory of the process, and characters beyond the messages' own
# (four times over): hundreds of times what the longest templates of public models take.
SECONDS, MEMORY, LENGTH = 5.0, 512 * 2**20, 200_000
# Of waiting alone, on a machine that is busy with something else.
_PATIENCE_S = 120.0
_MOST_SAID, _MOST_SHOWN = 160, 60
# Prompts that are kept as they were rendered last: every level of a probe is asked the same.
_KEPT = 256
# The share of a message's words that may be gone, one at least: templates take switches such as
# /no_think out.
_LOST = 0.1

_SAYS: dict[Role, str] = {
    "system": "the system text says",
    "user": "the user says",
    "assistant": "the model has said",
}


@dataclass(frozen=True, slots=True)
class Template:
    """The Jinja source of a template, what it may use, and what the model's tokenizer adds.

    ``begin`` and ``end`` are the texts of the model's begin and end tokens; ``adds_begin`` says
    that a prompt without the begin token is given one. ``options`` are further names, as JSON.
    """

    source: str
    begin: str
    end: str
    adds_begin: bool = True
    options: str = "{}"


class TemplateFault(Exception):
    """What is wrong with a template, as the rest of a sentence about it."""


class Renderer:
    """Renders prompts in one template, in a process that ends with this object."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._answers: OrderedDict[str, dict[str, Any]] = OrderedDict()
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., Renderer] | None = None

    def render(
        self, prompt: str, *, answer: bool = True, options: Mapping[str, Any] | None = None
    ) -> str:
        """The text that a model is given for a prompt, up to where its answer begins, or, without
        one, what the messages are by themselves. ``options`` go before those of the template.
        Raises ``TemplateFault``.
        """
        messages = messages_of(prompt)
        told = [{"role": message.role, "content": message.content} for message in messages]
        request = {"messages": told, "answer": answer, "options": dict(options or {})}
        rendered: str = self._answer(request, len(told))["prompt"]
        try:
            rendered.encode()
        except UnicodeEncodeError:
            raise TemplateFault("yields halves of characters (lone surrogates)") from None
        for message in messages:
            _check_words(message.role, message.content, rendered)
        return rendered

    def names(self) -> frozenset[str]:
        """What the template reads beside its own names. Raises ``TemplateFault``."""
        return frozenset(self._answer({}, 1)["names"])

    def close(self) -> None:
        """End the process."""
        if self._end is not None:
            self._end()
        self._process = self._end = None
        self._answers.clear()

    def _answer(self, request: dict[str, Any], turns: int) -> dict[str, Any]:
        asked = json.dumps(request)
        if asked in self._answers:
            return self._answers[asked]
        try:
            answer: dict[str, Any] = json.loads(self._ask(asked))
        except (OSError, ValueError):
            raise TemplateFault(self._death()) from None
        if fault := answer.get("fault"):
            raise TemplateFault(_sentence(fault, cleaned(answer["said"]), turns))
        self._answers[asked] = answer
        if len(self._answers) > _KEPT:
            self._answers.popitem(last=False)
        return answer

    def _ask(self, request: str) -> bytes:
        process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        clock = threading.Timer(_PATIENCE_S, process.kill)
        clock.start()
        try:
            process.stdin.write(request.encode() + b"\n")
            process.stdin.flush()
            return process.stdout.readline()
        finally:
            clock.cancel()
            clock.join()

    def _start(self) -> subprocess.Popen[bytes]:
        hidden = ("COV", "PYTEST")
        environment = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        process = subprocess.Popen(
            [sys.executable, "-P", str(Path(template_inside.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment | {"PYTHONHASHSEED": "0", "TZ": "UTC"},
            start_new_session=True,
        )
        self._process = process
        self._end = weakref.finalize(self, _end, process, os.getpid())
        order = {
            "template": self.template.source,
            "begin": self.template.begin,
            "end": self.template.end,
            "options": self.template.options,
            "path": [path for path in sys.path if path],
            "seconds": SECONDS,
            "memory": MEMORY,
            "length": LENGTH,
        }
        assert process.stdin
        process.stdin.write(json.dumps(order).encode() + b"\n")
        return process

    def _death(self) -> str:
        """Why the process ended; the next message starts another."""
        process = self._process
        assert process
        try:
            status = process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            status = 0
        self.close()
        if -status in _OVER_TIME:
            return f"takes more than {SECONDS:g} s of processor time"
        return f"ends the process that runs it (status {status})"


_OVER_TIME = (27, 9)  # SIGPROF; SIGKILL, by the clock of this process


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    if os.getpid() != owner:
        return  # a fork of the process that started it
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            # What was not written yet has no reader any more.
            with contextlib.suppress(OSError):
                pipe.close()


def cleaned(said: str) -> str:
    """What a template said, on one line, short and without control characters."""
    shown = "".join(character if character.isprintable() else " " for character in said)
    words = " ".join(shown.split())
    return words if len(words) <= _MOST_SAID else f"{words[:_MOST_SAID]}..."


def _check_words(role: Role, message: str, prompt: str) -> None:
    """Raise ``TemplateFault`` if a prompt lacks what is said in a message."""
    # Of a turn of the model's own a template leaves the thinking out.
    said = read(message).text if role == "assistant" else message
    if said.strip() in prompt:
        return
    words = set(said.split())
    lost = sum(word not in prompt for word in words)
    if lost == len(words) or lost > max(1, _LOST * len(words)):
        raise changed(role, said, prompt)


def changed(role: Role, message: str, prompt: str) -> TemplateFault:
    """The fault of a template that does not give a message as it is."""
    told = f"{_short(prompt)!r} of {_short(message)!r}"
    return TemplateFault(f"drops, cuts or changes what {_SAYS[role]}: it makes {told}")


def _short(text: str) -> str:
    """The end of a text, on one line: a prompt may begin with a page for the system."""
    shown = cleaned(text[-_MOST_SAID:])
    return shown if len(shown) <= _MOST_SHOWN else f"...{shown[-_MOST_SHOWN:]}"


def _sentence(fault: str, said: str, turns: int) -> str:
    what = "a user message" if turns == 1 else "a conversation"
    return {
        "syntax": f"does not compile: {said}",
        "raised": f"fails on {what}: {said}",
        "memory": f"takes more than {MEMORY // 2**20} MB of memory",
        "long": f"makes a prompt of more than {said} characters out of a short message",
        "chance": f"gives another prompt each time: it uses {said}",
    }[fault]
