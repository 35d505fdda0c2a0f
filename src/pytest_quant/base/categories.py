"""What a probe tests, by name: the guide's ten categories and any that somebody registered."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_quant.base.registry import Registry, kind_of
from pytest_quant.levels import SHORT_NAMES

# A category is a mark of its probes, and names a check over all of them.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN = frozenset(
    {
        *("overall", "divergence", "baseline", "compared", "cases", "quant", *SHORT_NAMES),
        *(f"difficulty_{n}" for n in range(1, 6)),
        # Marks that mean something to pytest: a category of this name would skip its probes.
        *("skip", "skipif", "xfail", "parametrize", "usefixtures", "filterwarnings"),
        *("tryfirst", "trylast", "hookwrapper", "optionalhook"),
        # Words of the expressions that choose marks (-m).
        *("not", "and", "or"),
    }
)


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of thing to be good at; its name is that of its entry point.

    ``title`` is the name for a person. ``tolerances`` are percentage points that a level may lose,
    by its short name (``q4``); a level that is not among them, and every level of a category that
    states none, may lose as much as over all probes together. Of the guide's own categories the
    guide's tables tell.
    """

    title: str
    tolerances: Mapping[str, float] = field(default_factory=dict)


def _category(found: Any) -> Category:
    if not isinstance(found, Category):
        raise TypeError(f"found {kind_of(found)}, expected a pytest_quant.Category")
    if not isinstance(found.title, str) or not found.title.strip():
        raise TypeError(f"its title is {found.title!r:.40}, expected text")
    if not isinstance(found.tolerances, Mapping):
        raise TypeError(f"found {kind_of(found.tolerances)}, expected tolerances by level")
    for level, points in found.tolerances.items():
        if level not in SHORT_NAMES:
            raise TypeError(
                f"it has a tolerance for {level!r:.40}; expected levels among "
                f"{', '.join(SHORT_NAMES)}"
            )
        if isinstance(points, bool) or not isinstance(points, (int, float)):
            raise TypeError(f"its tolerance of {level} is {points!r:.40}, expected a number")
        if not 0 <= points <= 100:
            raise TypeError(
                f"its tolerance of {level} is {points:g}, expected 0 to 100 percentage points"
            )
    return found


class Categories(Registry[Category]):
    """The categories that there are."""

    def get(self, name: str) -> Category:
        if name in self.names and (name in _TAKEN or not _NAME.fullmatch(name)):
            raise self.unfit(
                name,
                "is no name for one: expected up to 40 lower-case letters, digits and "
                "underscores, a letter first, and no word that means something else, as "
                "'overall', 'q4' or 'skip'",
            )
        return super().get(name)


CATEGORIES = Categories("pytest_quant.categories", "category", _category)


# The guide's, in its order, each with the title of its part of section 4.
NUMERICAL_REASONING = Category("numerical reasoning and precision")
LONG_CONTEXT = Category("long context understanding")
LANGUAGE_GENERATION = Category("nuanced language generation")
WORLD_KNOWLEDGE = Category("common sense and world knowledge")
ADVERSARIAL = Category("adversarial examples")
LOGICAL_REASONING = Category("logical and mathematical reasoning")
AMBIGUITY = Category("handling ambiguity and uncertainty")
REAL_WORLD = Category("real-world problem solving")
ITERATIVE = Category("handling recursive or iterative problems")
PROBABILISTIC = Category("handling probabilistic reasoning")
