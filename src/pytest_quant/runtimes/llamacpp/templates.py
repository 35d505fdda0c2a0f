"""A model's chat template: foreign code, run in a process of its own and looked at before use.

A template comes with the file. It may not compile, refuse, never end, take all memory, lose what
the user says or give another prompt each time; and it may do so for some messages only. So it
never runs in this process, however often it is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import weakref
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.runtimes.llamacpp import template_inside

# Processor time of one rendering, memory of the process, and characters beyond the message's own
# (four times over): hundreds of times what the longest templates of public models take.
SECONDS, MEMORY, LENGTH = 5.0, 512 * 2**20, 200_000
# Of waiting alone, on a machine that is busy with something else.
_PATIENCE_S = 120.0
_MOST_SAID, _MOST_SHOWN = 160, 60
# The share of a message's words that may be gone, one at least: templates take switches such as
# /no_think out.
_LOST = 0.1

# Of how a template is tried; what was found to be good by another form is tried again.
FORM = 1

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


@dataclass(frozen=True, slots=True)
class Template:
    """The Jinja source of a template, and the texts of the model's begin and end tokens."""

    source: str
    begin: str
    end: str


class TemplateFault(Exception):
    """What is wrong with a template, as the rest of a sentence about it."""


class Renderer:
    """Renders user messages in one template, in a process that ends with this object."""

    def __init__(self, template: Template) -> None:
        self._template = template
        self._process: subprocess.Popen[bytes] | None = None
        self._end: weakref.finalize[..., Renderer] | None = None

    def render(self, message: str) -> str:
        """The prompt of one user message. Raises ``TemplateFault``."""
        try:
            answer = json.loads(self._ask(message))
        except (OSError, ValueError):
            raise TemplateFault(self._death()) from None
        if fault := answer.get("fault"):
            raise TemplateFault(_sentence(fault, cleaned(answer["said"])))
        prompt: str = answer["prompt"]
        try:
            prompt.encode()
        except UnicodeEncodeError:
            raise TemplateFault("yields halves of characters (lone surrogates)") from None
        _check_words(message, prompt)
        return prompt

    def close(self) -> None:
        """End the process."""
        if self._end is not None:
            self._end()
        self._process = self._end = None

    def _ask(self, message: str) -> bytes:
        process = self._process or self._start()
        assert process.stdin
        assert process.stdout
        clock = threading.Timer(_PATIENCE_S, process.kill)
        clock.start()
        try:
            process.stdin.write(json.dumps(message).encode() + b"\n")
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
            "template": self._template.source,
            "begin": self._template.begin,
            "end": self._template.end,
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


def examine(template: Template) -> None:
    """Render known words twice, in two processes. Raises ``TemplateFault``."""
    first, second = (_rendered(template) for _ in range(2))
    if first != second:
        raise TemplateFault("gives another prompt each time")
    for message, prompt in zip((_SHORT, _LONG), first, strict=True):
        found = _squeezed(prompt).count(_squeezed(message))
        if found > 1:
            raise TemplateFault(f"repeats what the user says ({found} times in the prompt)")
        if not found:
            raise _changed(message, prompt)


def cleaned(said: str) -> str:
    """What a template said, on one line, short and without control characters."""
    shown = "".join(character if character.isprintable() else " " for character in said)
    words = " ".join(shown.split())
    return words if len(words) <= _MOST_SAID else f"{words[:_MOST_SAID]}..."


def _rendered(template: Template) -> list[str]:
    renderer = Renderer(template)
    try:
        return [renderer.render(message) for message in (_SHORT, _LONG)]
    finally:
        renderer.close()


def _check_words(message: str, prompt: str) -> None:
    """Raise ``TemplateFault`` if a prompt lacks what the user says."""
    if message.strip() in prompt:
        return
    words = set(message.split())
    lost = sum(word not in prompt for word in words)
    if lost == len(words) or lost > max(1, _LOST * len(words)):
        raise _changed(message, prompt)


def _changed(message: str, prompt: str) -> TemplateFault:
    told = f"{_short(prompt)!r} of {_short(message)!r}"
    return TemplateFault(f"drops, cuts or changes what the user says: it makes {told}")


def _short(text: str) -> str:
    """The end of a text, on one line: a prompt may begin with a page for the system."""
    shown = cleaned(text[-_MOST_SAID:])
    return shown if len(shown) <= _MOST_SHOWN else f"...{shown[-_MOST_SHOWN:]}"


def _squeezed(text: str) -> str:
    return " ".join(text.split())


def _sentence(fault: str, said: str) -> str:
    return {
        "syntax": f"does not compile: {said}",
        "raised": f"fails on a user message: {said}",
        "memory": f"takes more than {MEMORY // 2**20} MB of memory",
        "long": f"makes a prompt of more than {said} characters out of a short message",
        "chance": f"gives another prompt each time: it uses {said}",
    }[fault]
