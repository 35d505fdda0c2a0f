"""Reads XML that a model wrote: bounded, and without what XML can do besides holding data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

MAX_DEPTH = 32
MAX_ELEMENTS = 2000


class NotXmlError(ValueError):
    """A text that is no XML, or more of it than is read; says why."""


@dataclass(slots=True)
class Element:
    """An element; ``text`` is all that stands in it beside its children, spaces reduced."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def __str__(self) -> str:
        """For people: what stands in it first, then its children."""
        named = "".join(f' {name}="{value}"' for name, value in self.attributes.items())
        inside = "".join(map(str, self.children))
        return f"<{self.name}{named}>{self.text}{inside}</{self.name}>"

    def names(self) -> set[str]:
        """The names of the element and of all in it."""
        return {self.name}.union(*(child.names() for child in self.children))


def parse(text: str) -> Element:
    """The one element that a text is; raises ``NotXmlError``.

    A document type, and so any entity of its own, is refused: nothing is expanded or fetched.
    """
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.characters
    parser.StartDoctypeDeclHandler = _refused
    parser.EntityDeclHandler = _refused
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise NotXmlError(f"{expat.ErrorString(error.code)} (line {error.lineno})") from error
    except UnicodeError as error:
        raise NotXmlError("it holds a character that cannot be read") from error
    assert reading.root is not None  # else the parser found no element
    return reading.root


class _Reading:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._said: list[list[str]] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) == MAX_DEPTH or self._count > MAX_ELEMENTS:
            raise NotXmlError("it is nested too deep or holds too much")
        element = Element(name, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)
        self._said.append([])

    def end(self, name: str) -> None:  # noqa: ARG002
        self._open.pop().text = " ".join("".join(self._said.pop()).split())

    def characters(self, text: str) -> None:
        self._said[-1].append(text)


def _refused(*_: Any) -> None:
    raise NotXmlError("it declares a document type or an entity")
