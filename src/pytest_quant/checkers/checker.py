"""What a kind of check is, as it is registered: how it decides, what a probe file may say of it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

from pytest_quant.base.registry import Registry, kind_of
from pytest_quant.checkers.outcome import Outcome

Expects = Literal["template", "expression", "expressions"]

# What is passed to every checker beside its own options.
TOLD = ("prompt", "truncated")
_TAKEN = frozenset({"kind", "text", "expected", "by", *TOLD})


@dataclass(frozen=True, slots=True, eq=False)
class Checker:
    """A kind of check; its name is that of its entry point.

    ``check`` is called as ``check(text, expected, *, prompt, truncated, **options)`` and returns
    an ``Outcome``: ``text`` is a whole response, ``prompt`` what was asked, ``truncated`` whether
    a length limit ended it. It raises ``ValueError`` for an expectation or an option that it
    cannot use, and for nothing in ``text``. ``"package.module:function"`` stands for a function
    that is loaded when it is first used.

    ``schema`` says in JSON Schema which options a probe file may give: ``properties``, one for
    each option, and ``required``. ``expects`` says what the field ``expect`` of a probe is: a
    template, or one or several exact expressions over the values. ``expressions`` are options
    that map names to such expressions, ``one_of`` options of which at most one may be given.
    ``choices`` is the option that lists what there is to choose from, if one does: one guess in
    so many is then right, and a probe may ask for the likeliest (``by: likelihood``).
    ``prepare`` is called before anything is asked.
    """

    check: Callable[..., Outcome] | str
    schema: Mapping[str, Any] = field(default_factory=dict)
    expects: Expects = "template"
    expressions: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    choices: str = ""
    prepare: Callable[[], None] | str | None = None

    @property
    def options(self) -> frozenset[str]:
        """The names of its options, as an author gives them."""
        return frozenset(self.schema.get("properties", ())) - {"kind"}


def _checker(found: Any) -> Checker:
    if not isinstance(found, Checker):
        raise TypeError(f"found {kind_of(found)}, expected a pytest_quant.Checker")
    if not isinstance(found.schema, Mapping) or not isinstance(
        found.schema.get("properties", {}), Mapping
    ):
        raise TypeError("its schema is none: expected {'properties': {OPTION: ...}}")
    taken = sorted(found.options & (_TAKEN - ({"by"} if found.choices else set())))
    if taken:
        raise TypeError(f"its option {taken[0]!r} has the name of something else; rename it")
    if found.expects not in ("template", "expression", "expressions"):
        raise TypeError(f"it expects {found.expects!r:.40}; a template, expression or expressions?")
    for name in (*found.expressions, *found.one_of, *filter(None, [found.choices])):
        if name not in found.options:
            raise TypeError(f"its schema has no option {name!r:.40}")
    return found


CHECKERS = Registry("pytest_quant.checkers", "checker", _checker)


def function_of(kind: str) -> Callable[..., Outcome]:
    """What decides a kind; raises ``QuantUsageError`` if it is not there or takes other options."""
    return _function(kind, CHECKERS.get(kind))


@cache
def _function(kind: str, checker: Checker) -> Callable[..., Outcome]:
    decide = resolved(kind, checker.check)
    try:
        parameters = inspect.signature(decide).parameters.values()
    except (TypeError, ValueError) as error:
        raise CHECKERS.unfit(kind, f"its function cannot be looked into: {error}") from error
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters)
    known = {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    # How a choice is asked is no matter of its function.
    lacking = sorted({*checker.options, *TOLD} - {"by"} - known)
    if lacking and not open_ended:
        raise CHECKERS.unfit(kind, f"its function does not take {', '.join(map(repr, lacking))}")
    return decide


def resolved(kind: str, found: Callable[..., Any] | str) -> Callable[..., Any]:
    """A function of a checker, loaded if it was only named; raises ``QuantUsageError``."""
    named = found
    if isinstance(found, str):
        try:
            found = pkgutil.resolve_name(found)
        except KeyboardInterrupt:
            raise
        # The package is not ours: whatever its import does ends here.
        except BaseException as error:
            why = f"{named} cannot be loaded: {type(error).__name__}: {error}"
            raise CHECKERS.unfit(kind, why) from error
    if not callable(found):
        raise CHECKERS.unfit(kind, f"{named!r:.100} is no function")
    return found
