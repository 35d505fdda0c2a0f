"""What can be found wrong with a probe without asking a model: templates, counts, its own check."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from pytest_quant.base.amounts import counted
from pytest_quant.checkers import CHECKERS, outcome_of
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.errors import CheckerBroken, QuantUsageError, SandboxUnavailable
from pytest_quant.probes.cases import count_cases, draw_cases
from pytest_quant.probes.model import Case, Probe

# Enough to find a template that some values do not fill.
_DRAWN = 16


def mistakes(probes: Iterable[Probe]) -> Iterator[str]:
    """One text for each probe that cannot be asked or judged as it says."""
    for probe in probes:
        try:
            _check_probe(probe)
        except QuantUsageError as error:
            yield str(error)


def _check_probe(probe: Probe) -> None:
    found = count_cases(probe, probe.cases)
    if found < probe.cases:
        raise _mistake(
            probe,
            f"has only {counted(found, 'distinct case')}, and 'cases' says {probe.cases}; "
            "widen its parameters or ask for fewer",
        )
    if code := _code_for_text(probe):
        raise _mistake(
            probe,
            f"'expect' is {code!r}, which a check of the kind {probe.check} takes as it is; "
            "write a value in braces, as {NAME}, or take a kind that works it out, as numeric",
        )
    for case in draw_cases(probe, min(_DRAWN, probe.cases)):
        if (
            case.solution is not None
            and not (outcome := _judged(probe, case, case.solution)).correct
        ):
            raise _mistake(
                probe,
                f"case {case.index}: its own check does not accept the solution "
                f"{case.solution[:60]!r}: {outcome.reason}",
            )
        for name, text in (("an empty response", ""), ("the prompt itself", case.prompt)):
            if _judged(probe, case, text).correct:
                raise _mistake(probe, f"case {case.index}: its check accepts {name}")


def _code_for_text(probe: Probe) -> str:
    """What is expected, if it names values as an expression does and is taken as text."""
    if CHECKERS.get(probe.check).expects != "template":
        return ""
    try:
        tree = ast.parse(probe.expect.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    # Names in braces would be a set: a template.
    if any(isinstance(node, ast.Set | ast.Dict) for node in ast.walk(tree)):
        return ""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return probe.expect.strip() if names & set(probe.parameters) else ""


def _judged(probe: Probe, case: Case, text: str) -> Outcome:
    try:
        return outcome_of(probe.check, text, case.expected, prompt=case.prompt, **case.options)
    except (ValueError, CheckerBroken, SandboxUnavailable) as error:
        raise _mistake(probe, f"case {case.index}: {error}") from error


def _mistake(probe: Probe, problem: str) -> QuantUsageError:
    return QuantUsageError(f"{probe.path}:{probe.line}: probe {probe.id!r}: {problem}")
