"""The checker of programs: Python code that must pass its tests, in a sandbox."""

from __future__ import annotations

from pytest_quant.checkers import patterns
from pytest_quant.checkers.cleaning import clean, unwrapped
from pytest_quant.checkers.growth import plain_growth, stated_growth
from pytest_quant.checkers.opening import open_response
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.checkers.parsing import parsed
from pytest_quant.checkers.programs import Blocks, find_program
from pytest_quant.checkers.trial import try_program, watched
from pytest_quant.checkers.vulnerabilities import examine
from pytest_quant.sandbox import require

_INSECURE = "security finding"


def prepare() -> None:
    """Raises ``SandboxUnavailable`` if no program can be judged on this machine."""
    require()


def check(
    text: str,
    expected: str,
    *,
    entry: str,
    beginning: str = "",
    growth: str = "",
    secure: bool = False,
    seconds: int = 5,
    truncated: bool = False,
    prompt: str | None = None,
) -> Outcome:
    """Decide a program: it must define ``entry`` and pass the tests in ``expected``.

    ``expected`` is Python code with ``assert`` statements; it and the program run in a sandbox
    each, for ``seconds`` of processor time at most. The response may continue ``beginning``, or
    repeat it. ``growth`` is how the running time must be stated to grow, such as "n log n". What
    bandit finds is part of the reason; only if the program must be ``secure`` it decides, and then
    a program that bandit cannot examine is none.

    Raises ``ValueError`` if the tests cannot be read or test nothing, ``SandboxUnavailable`` if
    the machine cannot isolate the program.
    """
    tests = watched(str(expected))
    opened = open_response(text, prompt, whole=True)
    if opened.refuted:
        return opened.refuted
    response = Blocks.of(unwrapped(text).text.removeprefix(prompt or ""))
    program = find_program(response, entry, beginning)
    cut = truncated and not program.closed
    if program.problem == "syntax error" and not cut:
        return Outcome("incorrect", program.text, "syntax error", _why_broken(program.text))
    if program.problem:
        return _without_program(opened.text, entry, cut=cut)
    trial = try_program(program.text, tests, seconds, entry=entry, beginning=beginning)
    examined = examine(program.text)
    told = [f"{_INSECURE}: {finding}" for finding in examined.findings]
    reason = "; ".join([trial.reason, *told, *filter(None, [examined.problem])])
    if trial.result != "passed":
        if cut:
            return _without_program(opened.text, entry, cut=True)
        return Outcome("incorrect", program.text, trial.result, reason)
    if secure and examined.findings:
        return Outcome("incorrect", program.text, _INSECURE, reason)
    if secure and examined.problem:
        return Outcome("unparsable", program.text, "not examined", reason)
    if growth:
        stated = stated_growth(clean(response.outside).text)
        if not stated:
            return Outcome("incorrect", program.text, "missing fact", f"{reason}; no O(...) stated")
        if stated != plain_growth(growth):
            wrong = f"{reason}; expected O({growth}), got O({stated})"
            return Outcome("incorrect", program.text, "wrong complexity", wrong)
    return Outcome("correct", program.text, "", reason)


def _without_program(text: str, entry: str, *, cut: bool) -> Outcome:
    pattern, reason = patterns.missing_pattern(text, truncated=cut, announced=False)
    if pattern == "format":
        pattern, reason = "no code", f"no code that defines {entry} was found"
    return Outcome("unparsable", "", pattern, reason)


def _why_broken(program: str) -> str:
    error = parsed(program)
    if isinstance(error, SyntaxError):
        return f"the code does not parse: {error.msg} (line {error.lineno})"
    return "the code does not parse"
