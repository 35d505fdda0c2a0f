"""The reference pages, made from the code while the site is built, so that they cannot drift."""

from __future__ import annotations

import contextlib
import inspect
import io
import json
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any, cast

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from pytest_quant.checkers import CHECKERS
from pytest_quant.checkers.checker import function_of
from pytest_quant.cli.main import command_parser, main
from pytest_quant.plugin.options.declaring import add_options

Schema = Mapping[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site."""
    pages = {
        "options": _options(),
        "commands": _commands(),
        "levels": ["# Levels", "", "```text", _said("levels").rstrip(), "```"],
        "checkers": _checkers(),
        "probe-schema": _schema("pytest_quant.probes", "probe.schema.json"),
        "record-schema": _schema("pytest_quant.record", "run.schema.json"),
        "baseline-schema": _schema("pytest_quant.gate", "baseline.schema.json"),
    }
    for name, lines in pages.items():
        text = "\n".join(lines) + "\n"
        files.append(File.generated(config, f"reference/{name}.md", content=text))
    return files


class _Declared:
    """Stands in for pytest's parser, and keeps what the plugin declares."""

    def __init__(self) -> None:
        self.options: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[tuple[str, str, str]] = []

    def getgroup(self, *_: str) -> _Declared:
        return self

    def addoption(self, flag: str, **form: Any) -> None:
        self.options.append((flag, form))

    def addini(self, name: str, help: str, type: str, **_: Any) -> None:  # noqa: A002
        self.keys.append((name, help, type))


def _options() -> Iterator[str]:
    declared = _Declared()
    add_options(cast(Any, declared))
    types = {name: kind for name, _, kind in declared.keys}
    yield from ("# Options", "", "On the command line, with the ini key that means the same:", "")
    yield from ("| option | ini key | |", "|---|---|---|")
    for flag, form in declared.options:
        key = types.pop(str(form["dest"]), None)
        twin = f"`{form['dest']}` ({key})" if key else "none"
        value = f"={form['metavar']}" if form.get("metavar") else ""
        shown = f"[{value}]" if form.get("nargs") == "?" else value
        yield f"| `{flag}{shown}` | {twin} | {_cell(form['help'].replace('%%', '%'))} |"
    yield from ("", "In the ini file only:", "", "| ini key | |", "|---|---|")
    for name, text, kind in declared.keys:
        if name in types:
            yield f"| `{name}` ({kind}) | {_cell(text)} |"
    yield from ("", "A path is relative to the current directory on the command line, and to the")
    yield "ini file there."


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", "All but `run` work on files and never ask a model.", "")
    yield from ("```text", command_parser().format_help().rstrip(), "```")
    for name in _subcommands(command_parser()):
        yield from ("", f"## pytest-quant {' '.join(name)}", "")
        yield from ("```text", _said(*name, "--help").rstrip(), "```")


def _subcommands(parser: Any, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for action in parser._actions:
        if isinstance(action.choices, Mapping):
            for name, below in action.choices.items():
                yield (*above, name)
                yield from _subcommands(below, (*above, name))


def _said(*arguments: str) -> str:
    """What a command prints."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main(arguments)
    return said.getvalue()


def _checkers() -> Iterator[str]:
    yield from ("# Checkers", "", "The kinds of `pytest_quant.check` and of a probe's `check`.")
    for kind in CHECKERS.names:
        decide = function_of(kind)
        yield from ("", f"## {kind}", "", "```python", _signature(decide), "```", "")
        yield inspect.getdoc(decide) or ""


def _signature(decide: Any) -> str:
    parameters = [_parameter(each) for each in inspect.signature(decide).parameters.values()]
    keywords = "".join(f"    {text},\n" for text in parameters[2:])
    return f"check(\n    {', '.join(parameters[:2])},\n    *,\n{keywords})"


def _parameter(parameter: inspect.Parameter) -> str:
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{parameter.name}: {parameter.annotation}{default}"


def _schema(package: str, name: str) -> Iterator[str]:
    text = (resources.files(package) / name).read_text("utf-8")
    schema: Schema = json.loads(text)
    yield from (f"# {schema['title']}", "", schema["description"], "")
    yield from _fields(schema, "The file")
    for part, definition in schema.get("$defs", {}).items():
        yield from _fields(definition, part)
    yield from ("", f'??? note "{name}"', "", "    ```json")
    yield from (f"    {line}" for line in text.splitlines())
    yield "    ```"


def _fields(schema: Schema, title: str) -> Iterator[str]:
    """A table of an object's fields; nothing for what has none."""
    rows = list(_flat(schema, ""))
    if not rows:
        return
    yield from ("", f"## {title}", "")
    if title != "The file" and "description" in schema:
        yield from (schema["description"], "")
    yield from ("| field | type | |", "|---|---|---|")
    for name, field in rows:
        yield f"| {name} | {_cell(_type(field))} | {_cell(_told(field))} |"


def _flat(schema: Schema, above: str) -> Iterator[tuple[str, Schema]]:
    for name, field in schema.get("properties", {}).items():
        if not isinstance(field, Mapping):
            continue
        optional = "" if name in schema.get("required", ()) else " (optional)"
        yield f"`{above}{name}`{optional}", field
        yield from _flat(field, f"{above}{name}.")
        items = field.get("items")
        if isinstance(items, Mapping):
            yield from _flat(items, f"{above}{name}[].")


def _type(field: Schema) -> str:
    if "$ref" in field:
        part = str(field["$ref"]).rpartition("/")[2]
        return f"`{part}`"
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    for word in ("anyOf", "oneOf"):
        if word in field:
            return " or ".join(filter(None, map(_type, field[word])))
    kinds = field.get("type", "")
    kind = " or ".join([kinds] if isinstance(kinds, str) else kinds)
    items = field.get("items")
    return f"{kind} of {_type(items)}" if isinstance(items, Mapping) and _type(items) else kind


def _told(field: Schema) -> str:
    bounds = {"minimum": ">=", "exclusiveMinimum": ">", "maximum": "<=", "exclusiveMaximum": "<"}
    limits = [f"{sign} {field[name]}" for name, sign in bounds.items() if name in field]
    return " ".join(filter(None, [field.get("description", ""), ", ".join(limits)]))


def _cell(text: str) -> str:
    """Text for a cell of a table."""
    escaped = text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")
    return " ".join(escaped.split())
