"""The process in which a chat template runs: it may use only so much time and memory.

Started by its path, with nothing of this package. It reads lines of JSON, first the template with
its limits and its options, then a request a line, and answers each with a line: the messages of a
conversation with its prompt, anything else with the names that the template reads. The environment
is that of llama-cpp-python and transformers, but for what would give another prompt each time.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

_MOST_SAID = 400


class _Refused(Exception):
    """A template asked for what would give another prompt each time."""


def main() -> None:
    order = json.loads(sys.stdin.readline())
    # Behind its own: a file beside the user's tests must not stand for one of Python's modules.
    sys.path += order["path"]
    _bound(order["memory"])
    fill: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    for line in sys.stdin:
        _arm(order["seconds"])
        try:
            fill = fill or _compiled(order)
            answer = fill(json.loads(line))
        except MemoryError:
            answer = {"fault": "memory", "said": ""}
        except _Refused as error:
            answer = {"fault": "chance", "said": str(error)}
        except Exception as error:
            answer = {"fault": "raised" if fill else "syntax", "said": _told(error)}
        _arm(0)
        print(json.dumps(answer), flush=True)


def _bound(memory: int) -> None:
    try:
        import resource
    except ImportError:  # not on this system: the parent's clock is left
        return
    for limit, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(limit, (most, most))


def _arm(seconds: float) -> None:
    """End this process after so much processor time; 0 disarms."""
    if hasattr(signal, "setitimer"):
        # The default action: Python's own handlers would wait for what never returns.
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _told(error: Exception) -> str:
    said, line = str(error)[:_MOST_SAID], getattr(error, "lineno", None)
    if line is not None:
        return f"line {line}: {said}"
    # What these say, they say to a person.
    spoken = type(error).__name__ in ("ValueError", "TemplateRuntimeError", "SecurityError")
    return said if spoken else f"{type(error).__name__}: {said}"


def _compiled(order: dict[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    import jinja2.ext
    from jinja2 import meta, nodes
    from jinja2.parser import Parser
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class IgnoreGenerationTags(jinja2.ext.Extension):
        """Hugging Face's ``{% generation %}`` marks what to train on, and renders as its body."""

        tags = frozenset({"generation"})  # type: ignore[assignment]

        def parse(self, parser: Parser) -> list[nodes.Node]:
            parser.stream.skip(1)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=[IgnoreGenerationTags, jinja2.ext.loopcontrols],
    )
    environment.filters["tojson"] = _to_json
    environment.filters["random"] = _by_chance("the filter 'random'")
    environment.globals["lipsum"] = _by_chance("the function 'lipsum'")
    template = environment.from_string(order["template"])

    def fill(request: dict[str, Any]) -> dict[str, Any]:
        if "messages" not in request:
            parsed = environment.parse(order["template"])
            return {"names": sorted(meta.find_undeclared_variables(parsed))}
        messages = request["messages"]
        most = order["length"] + 4 * sum(len(message["content"]) for message in messages)
        pieces, length = [], 0
        given = {
            "messages": messages,
            "bos_token": order["begin"],
            "eos_token": order["end"],
            "add_generation_prompt": request["answer"],
            "raise_exception": _raise,
            "strftime_now": _a_day,
            "functions": None,
            "function_call": None,
            "tools": None,
            "tool_choice": None,
        }
        options = json.loads(order["options"]) | request["options"]
        for piece in template.generate(given | options):
            pieces.append(piece)
            length += len(piece)
            if length > most:
                return {"fault": "long", "said": f"{most:,}"}
        return {"prompt": "".join(pieces)}

    return fill


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(
        value,
        ensure_ascii=ensure_ascii,
        indent=indent,
        separators=separators,
        sort_keys=sort_keys,
    )


def _raise(message: object) -> NoReturn:
    raise ValueError(message)


def _a_day(form: str) -> str:
    """Every day's prompt is that of one day."""
    return datetime(2025, 1, 1).strftime(form)


def _by_chance(what: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise _Refused(what)

    return refuse


if __name__ == "__main__":
    main()
