"""A run record as one HTML file, which needs no network and runs nothing but its own script."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from pytest_quant.metrics.depth import by_depth
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.baselines import place_of
from pytest_quant.reports.depth import depth_rows, range_name
from pytest_quant.reports.divergences import percentile_text
from pytest_quant.reports.html.cases import packed_cases
from pytest_quant.reports.html.view import view
from pytest_quant.reports.plain_text import counted, paragraphs

# Of a text in the page itself; those of the cases have a budget of their own.
_MOST_CHARACTERS = 2000


def page(record: RunRecord) -> str:
    """The whole page. Texts of a model or of a file are escaped, wherever they stand."""
    style, script = _asset("style.css"), _asset("script.js")
    return _template().render(
        # Nothing is loaded from anywhere, and no other style or script has a say.
        policy="; ".join(
            (
                "default-src 'none'",
                f"style-src {_digest(style)}",
                f"script-src {_digest(script)}",
                "img-src data:",
                "base-uri 'none'",
                "form-action 'none'",
            )
        ),
        style=Markup(style),
        script=Markup(script),
        cases=packed_cases(record),
        counted=counted,
        percentile_text=percentile_text,
        by_depth=by_depth,
        depth_rows=depth_rows,
        range_name=range_name,
        place_of=place_of,
        **view(record),
    )


@cache
def _template() -> Template:
    """To compile it takes a third of a page's time, and some processes write many pages."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, finalize=_visible)
    environment.trim_blocks = environment.lstrip_blocks = True
    return environment.from_string(_asset("page.html.j2"))


def _visible(value: Any) -> Any:
    """What a template prints: no character of a text may act on those beside it."""
    plain = isinstance(value, str) and not isinstance(value, Markup)
    return paragraphs(value, _MOST_CHARACTERS) if plain else value


def _asset(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _digest(content: str) -> str:
    """The source expression of a content security policy that lets exactly this content in."""
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
