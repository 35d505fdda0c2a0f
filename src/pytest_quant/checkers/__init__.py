"""Decides answers: one entry, ``check``, and a kind of checker for each entry point of a group.

A checker is a pure function from (response, expectation, options) to an ``Outcome``. The kinds
load when they are first used, so that importing this package never loads sympy.
"""

from __future__ import annotations

import inspect
import traceback
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pytest_quant.base.registry import kind_of
from pytest_quant.checkers.checker import CHECKERS, TOLD, function_of, resolved
from pytest_quant.checkers.outcome import Outcome, Verdict
from pytest_quant.errors import CheckerBroken, QuantUsageError, SandboxUnavailable

__all__ = [
    "CHECKERS",
    "Outcome",
    "Verdict",
    "allowed_options",
    "check",
    "outcome_of",
    "prepare",
]

# What is recorded of a right answer, in the place of an error pattern.
_RIGHT = "correct"


def check(kind: str, text: str, expected: Any, **options: Any) -> Outcome:
    """Decide whether ``text``, a model's whole response, gives the ``expected`` answer.

    ``kind`` is the name of a checker, ours or an installed package's; ``expected`` a string, a
    number (``float`` is read by its ``repr``), a sympy object, or what the kind documents. The
    options are the keyword arguments of the kind's own function, ``prompt`` and ``truncated`` among
    them: what was asked, and whether a length limit ended the response.

    Raises ``ValueError`` for an unknown kind or an expectation that cannot be read, and
    ``TypeError`` for an unknown option. Nothing in ``text`` can make a kind of ours raise.
    """
    if kind not in CHECKERS.names:
        raise ValueError(str(CHECKERS.unknown(kind)))
    allowed = allowed_options(kind)
    if unknown := sorted(set(options) - set(allowed)):
        raise TypeError(
            f"checker {kind!r} has no option {', '.join(map(repr, unknown))}; "
            f"it takes: {', '.join(allowed)}"
        )
    known = {"prompt": None, "truncated": False, **options}
    return _sound(kind, function_of(kind)(text, expected, **known))


def outcome_of(kind: str, text: str, expected: Any, **options: Any) -> Outcome:
    """The same where nobody looks at a traceback.

    Raises ``ValueError`` as ``check`` does, naming the kind, and ``CheckerBroken`` for whatever
    else a checker raises, or if it returns no outcome.
    """
    try:
        return check(kind, text, expected, **options)
    except (CheckerBroken, QuantUsageError, SandboxUnavailable):
        raise
    except ValueError as error:
        raise ValueError(f"{kind}: {error}") from error
    except KeyboardInterrupt:
        raise
    # Not only errors: what has pytest skip a test must not leave a probe out in silence.
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        raise CheckerBroken(
            f"{CHECKERS.described(kind)} raised {type(error).__name__}: {error} "
            f"({Path(last.filename).name}:{last.lineno}); repair that package"
        ) from error


def allowed_options(kind: str) -> tuple[str, ...]:
    """The names of all that a kind takes, in alphabetical order; raises ``QuantUsageError``."""
    return _named(kind, function_of(kind))


@cache
def _named(kind: str, decide: Callable[..., Outcome]) -> tuple[str, ...]:
    # Behind the text and the expectation.
    parameters = [*inspect.signature(decide).parameters.values()][2:]
    named = {p.name for p in parameters if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)}
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        named |= {*TOLD, *CHECKERS.get(kind).options} - {"by"}
    return tuple(sorted(named))


def prepare(kind: str) -> None:
    """See to what a kind needs before anything is asked; most need nothing.

    Raises ``SandboxUnavailable`` if answers of this kind cannot be judged on this machine.
    """
    if (see_to := CHECKERS.get(kind).prepare) is not None:
        try:
            resolved(kind, see_to)()
        except (QuantUsageError, SandboxUnavailable):
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            why = f"cannot be prepared: {type(error).__name__}: {error}"
            raise CHECKERS.unfit(kind, why) from error


def _sound(kind: str, found: Any) -> Outcome:
    """What a checker returned, if it can be recorded."""
    problem = ""
    if not isinstance(found, Outcome):
        problem = f"returned {kind_of(found)}, expected an Outcome"
    elif found.verdict not in get_args(Verdict):
        problem = f"returned the verdict {found.verdict!r:.40}; there are: " + ", ".join(
            get_args(Verdict)
        )
    elif not all(isinstance(text, str) for text in (found.answer, found.pattern, found.reason)):
        problem = "returned an Outcome whose answer, pattern or reason is no text"
    elif not (type(found.kept) is type(found.asked) is int and 0 <= found.kept <= found.asked):
        problem = f"says that {found.kept!r:.40} of {found.asked!r:.40} instructions were kept"
    elif found.correct == bool(found.pattern) or found.pattern == _RIGHT:
        problem = (
            f"returned the verdict {found.verdict!r} with the pattern {found.pattern!r:.40}; "
            "a wrong answer has one that says how it is wrong, a correct one has none"
        )
    if problem:
        raise CheckerBroken(f"{CHECKERS.described(kind)} {problem}; repair that package")
    assert isinstance(found, Outcome)
    # Of plain types alone, which can be copied, sent and written whatever they were made from.
    answer, pattern, reason = map(str.__str__, (found.answer, found.pattern, found.reason))
    (verdict,) = (known for known in get_args(Verdict) if known == found.verdict)
    return Outcome(verdict, answer, pattern, reason, found.kept, found.asked)
