"""Figures as SVG that stands inside a page: no style of its own, colours from the page.

A strict content security policy forbids style attributes, and colours that the page knows by
name can differ between light and dark.
"""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SVG = "http://www.w3.org/2000/svg"
_LINK = "{http://www.w3.org/1999/xlink}href"

# What a colour is for, and the value that stands for it while a figure is drawn.
COLOURS: dict[str, str] = {
    "paper": "#050505",
    "ink": "#010101",
    "muted": "#020202",
    "grid": "#030303",
    "band": "#040404",
    "pass": "#009e73",
    "fail": "#d55e00",
    "inconclusive": "#0072b2",
}
_NAMES = {value: name for name, value in COLOURS.items()}
# The page's own font is used, and what has no meaning as an attribute of SVG is left out.
_DROPPED = frozenset({"font-family", "font-variant", "font-stretch"})


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an ``svg`` element; ``name`` tells its parts from those of other figures."""
    import matplotlib as mpl

    drawn = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    root = ET.fromstring(drawn.getvalue())
    _clean(root, name)
    for attribute in ("width", "height", "version"):
        root.attrib.pop(attribute, None)
    root.set("role", "img")
    root.set("aria-label", description)
    root.set("class", "plot")
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode")


def _clean(element: ET.Element, name: str) -> None:
    for child in list(element):
        if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
            element.remove(child)
        else:
            _clean(child, name)
    if "id" in element.attrib:
        element.set("id", f"{name}-{element.attrib['id']}")
    if _LINK in element.attrib:
        element.set("href", f"#{name}-{element.attrib.pop(_LINK).removeprefix('#')}")
    if "clip-path" in element.attrib:
        element.set("clip-path", element.attrib["clip-path"].replace("#", f"#{name}-"))
    classes = []
    for part in element.attrib.pop("style", "").split(";"):
        key, _, value = (piece.strip() for piece in part.partition(":"))
        if not key or key in _DROPPED:
            continue
        if value in _NAMES:
            classes.append(f"{key}-{_NAMES[value]}")
        else:
            element.set(key, value)
    if classes:
        element.set("class", " ".join(classes))
