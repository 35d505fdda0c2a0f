"""Drawing the cases of a probe: seeded, without repeats, growing only at the end."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import math
import random
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import partial
from itertools import islice
from typing import Any, Literal

from pytest_quant.base.amounts import counted
from pytest_quant.base.conversation import Conversation, content_of, tools_of
from pytest_quant.checkers import CHECKERS
from pytest_quant.checkers.form import announcement
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes import domains
from pytest_quant.probes.model import Case, Probe

Side = Literal["held_out", "training"]

# Where cases are held out, one in four is: asked by runs, never shown to a model in training.
_HELD_OUT_ONE_IN = 4
# This many draws in a row that bring nothing new mean that the domain is used up.
_MAX_MISSES = 1000
# Of an expectation that may be met nearly.
_SHOWN_DIGITS = 6
# A template such as {facts} or {topic[facts]}.
_ONE_NAME = re.compile(r"\{([a-z][a-z0-9_]*)(?:\[([a-z][a-z0-9_]*)\])?\}")


def draw_cases(probe: Probe, count: int) -> tuple[Case, ...]:
    """The first ``count`` cases of a probe: the pinned ones, then draws.

    The same probe gives the same cases everywhere, and a larger count only appends. Raises
    ``QuantUsageError`` if the probe has fewer distinct cases.
    """
    cases = tuple(islice(each_case(probe), count))
    if len(cases) < count:
        raise _mistake(
            probe,
            f"has only {counted(len(cases), 'distinct case')}, {count} were asked for; "
            "widen its parameters or ask for fewer cases",
        )
    return cases


def count_cases(probe: Probe, most: int) -> int:
    """How many distinct cases the probe has, counted up to ``most``; nothing is worked out."""
    return sum(1 for _ in islice(_asked(probe), most))


def draw_values(probe: Probe, seed: str, side: Side | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Endless (prompt, values) of one side of the split, or of both (``None``), with repeats.

    The side of a case is decided by the digest of its prompt alone, so that training and asking
    can never meet. Of a pair both prompts are asked, so it is held out only if both are. Ends
    when the probe has no case left on that side.
    """
    draw = _drawer(probe)
    rng = random.Random(f"{probe.id}:{seed}")
    misses = 0
    while misses < _MAX_MISSES:
        values = draw(rng)
        prompt = render(probe, probe.prompt, values)
        if side is None or _stands_on(side, probe, prompt, values):
            misses = 0
            yield prompt, values
        else:
            misses += 1


def _stands_on(side: Side, probe: Probe, prompt: str, values: Mapping[str, Any]) -> bool:
    """Whether a prompt is on this side, and the clean one of a pair may be with it."""
    if side_of(prompt) != side:
        return False
    clean = _clean(probe, prompt, values) if side == "held_out" else None
    return clean is None or side_of(clean) == side


def side_of(prompt: str) -> Side:
    """Which side of the split a case falls on: its prompt alone decides, whichever probe asks."""
    digest = hashlib.sha256(prompt.encode()).digest()
    return "held_out" if digest[0] % _HELD_OUT_ONE_IN == 0 else "training"


def solution_of(probe: Probe, values: Mapping[str, Any]) -> str:
    """The complete right answer that the probe states for these values."""
    assert probe.solution is not None, probe.id
    _, text = _expectation(probe, values)
    return render(probe, probe.solution, {**values, "answer": text})


def render(probe: Probe, template: str, values: Mapping[str, Any]) -> str:
    """A template of the probe, filled in; raises ``QuantUsageError`` naming a wrong field."""
    if isinstance(template, Conversation):
        return template.map(lambda content: render(probe, content, values))
    try:
        return template.format_map(values)
    except KeyError as error:
        raise _mistake(
            probe,
            f"template {template!r} uses the unknown name {error}; "
            f"known names: {', '.join(sorted(values))}",
        ) from error
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise _mistake(probe, f"template {template!r} cannot be filled in: {error}") from error


def _mistake(probe: Probe, problem: str) -> QuantUsageError:
    return QuantUsageError(f"{probe.path}:{probe.line}: probe {probe.id!r}: {problem}")


def each_case(probe: Probe) -> Iterator[Case]:
    """The cases of a probe in their order, as long as there are any; each is worked out in turn."""
    for index, (prompt, values) in enumerate(_asked(probe)):
        yield _case(probe, index, prompt, values)


def _asked(probe: Probe) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The prompts that a run may ask, each once, with their values."""
    seen: set[str] = set()
    yield from _new(_rendered(probe, probe.pinned), seen)
    if probe.is_drawn:
        side: Side | None = "held_out" if probe.held_out else None
        yield from _new(draw_values(probe, "cases", side), seen, patience=_MAX_MISSES)
    if not probe.held_out:
        yield from _new(_rendered(probe, domains.combinations(probe.parameters)), seen)


def _rendered(
    probe: Probe, listed: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((render(probe, probe.prompt, values), values) for values in listed)


def _new(
    prompts: Iterable[tuple[str, Mapping[str, Any]]], seen: set[str], patience: float = math.inf
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The prompts that are not yet ``seen``; ends after so many in a row that are."""
    repeats = 0
    for prompt, values in prompts:
        if prompt in seen:
            repeats += 1
            if repeats >= patience:
                return
            continue
        repeats = 0
        seen.add(prompt)
        yield prompt, values


def _case(probe: Probe, index: int, prompt: str, values: Mapping[str, Any]) -> Case:
    _check_tools(probe, prompt)
    expected, text = _expectation(probe, values)
    options = {name: _option(probe, name, raw, values) for name, raw in probe.check_options.items()}
    # Formulas enter as they are written: how sympy prints a value may change.
    named = CHECKERS.get(probe.check).expressions
    written = {
        name: probe.check_options[name] if name in named else option
        for name, option in options.items()
    }
    clean = _clean(probe, prompt, values)
    known_by: list[Any] = [content_of(prompt), probe.check, text, written]
    known_by += [] if clean is None else [content_of(clean)]
    if probe.by != "text":
        known_by.append({"by": probe.by})
        if words := announcement(prompt):
            known_by.append({"behind": words})
    content = json.dumps(known_by, sort_keys=True, default=str)
    return Case(
        index=index,
        prompt=prompt,
        expected=expected,
        expected_text=text,
        options=options,
        digest=hashlib.sha256(content.encode()).hexdigest()[:16],
        solution=solution_of(probe, values) if probe.solution else None,
        clean=clean,
        facets={name: render(probe, text, values) for name, text in probe.facets.items()},
    )


def _check_tools(probe: Probe, prompt: str) -> None:
    """What a model is offered can be read, whatever is checked."""
    if tools := tools_of(prompt):
        from pytest_quant.checkers.tools import read_tools

        try:
            read_tools(tools)
        except ValueError as error:
            raise _mistake(probe, f"'tools': {error}") from error


def _clean(probe: Probe, prompt: str, values: Mapping[str, Any]) -> str | None:
    """The undisturbed prompt of a pair, which must be another one."""
    if probe.clean is None:
        return None
    clean = render(probe, probe.clean, values)
    if clean == prompt:
        raise _mistake(probe, f"'prompt' and 'clean' are the same: {prompt[:80]!r}")
    return clean


def _expectation(probe: Probe, values: Mapping[str, Any]) -> tuple[Any, str]:
    """What the checker expects, and the same for a person."""
    expects = CHECKERS.get(probe.check).expects
    if expects == "template":
        text = render(probe, probe.expect, values).strip()
        if probe.check == "constraints":
            _check_rules(probe, text)
        return text, text
    places, digits = (_whole(probe, name) for name in ("places", "significant"))
    if "tolerance" in probe.check_options:
        digits = _SHOWN_DIGITS
    if expects == "expressions":
        numbers = _evaluate_all(probe, probe.expect, values)
        return numbers, ", ".join(_readable(number, places, digits) for number in numbers)
    expected = _evaluate(probe, probe.expect, values)
    if probe.check_options.get("percent") is True:
        return expected, f"{_readable(100 * expected, places, digits)}%"
    return expected, _readable(expected, places, digits)


def _whole(probe: Probe, name: str) -> int | None:
    """An option that says how numbers are rounded, if the check has one that does."""
    value = probe.check_options.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _check_rules(probe: Probe, text: str) -> None:
    from pytest_quant.checkers.rules import parse_rules

    try:
        parse_rules(text)
    except ValueError as error:
        raise _mistake(probe, str(error)) from error


def _evaluate(probe: Probe, expression: str, values: Mapping[str, Any]) -> Any:
    from pytest_quant.probes.expressions import ExpressionError, evaluate

    try:
        return evaluate(expression, values)
    except ExpressionError as error:
        raise _mistake(probe, str(error)) from error


def _evaluate_all(probe: Probe, expressions: str, values: Mapping[str, Any]) -> list[Any]:
    from pytest_quant.probes.expressions import ExpressionError, evaluate_all

    try:
        return evaluate_all(expressions, values)
    except ExpressionError as error:
        raise _mistake(probe, str(error)) from error


def _readable(expected: Any, places: int | None, significant: int | None) -> str:
    """An exact number as a person writes it: rounded if the question asks for it."""
    if significant is not None:
        context = Context(prec=significant, rounding=ROUND_HALF_UP)
        return format(context.plus(Decimal(str(expected.evalf(significant + 40)))), "f")
    if places is not None:
        whole = len(str(abs(expected) // 1))
        digits = Decimal(str(expected.evalf(whole + places + 40, chop=False)))
        unit = Decimal(1).scaleb(-places)
        context = Context(prec=whole + places + 40, rounding=ROUND_HALF_UP)
        return format(digits.quantize(unit, context=context), "zf")  # z: no "-0.00"
    if expected.is_Rational and expected.q != 1 and not (10**12 % expected.q):
        exact = Context(prec=len(str(expected.p)) + 40)
        return format(exact.divide(Decimal(int(expected.p)), Decimal(int(expected.q))), "f")
    return str(expected)


def _option(probe: Probe, name: str, raw: Any, values: Mapping[str, Any]) -> Any:
    """A check option with its templates filled in; named wrong formulas are expressions."""
    checker = CHECKERS.get(probe.check)
    if name in checker.expressions:
        worked_out = _evaluate_all if checker.expects == "expressions" else _evaluate
        return {title: worked_out(probe, str(text), values) for title, text in raw.items()}
    if isinstance(raw, str):
        listed = _listed(probe, raw, values)
        return render(probe, raw, values) if listed is None else listed
    if isinstance(raw, list):
        return [_option(probe, "", item, values) for item in raw]
    return raw


def _listed(probe: Probe, template: str, values: Mapping[str, Any]) -> list[Any] | None:
    """The list that the template stands for, if it is nothing but the name of one."""
    whole = _ONE_NAME.fullmatch(template)
    value = values.get(whole[1]) if whole else None
    if whole and whole[2] and isinstance(value, Mapping):
        value = value.get(whole[2])
    if not isinstance(value, list):
        return None
    for item in value:
        for text in item if isinstance(item, list) else [item]:
            if not isinstance(text, str):
                raise _mistake(
                    probe, f"{template} holds {text!r}, which is no text; put it in quotes"
                )
    return value


def _drawer(probe: Probe) -> Callable[[random.Random], dict[str, Any]]:
    if probe.generator is not None:
        return partial(_generated, probe, load_generator(probe))
    parameters = list(probe.parameters.items())
    return lambda rng: {name: domains.draw(rng, domain) for name, domain in parameters}


def _generated(
    probe: Probe, generate: Callable[..., dict[str, Any]], rng: random.Random
) -> dict[str, Any]:
    try:
        return generate(rng, **probe.generator_options)
    except QuantUsageError:
        raise
    except Exception as error:  # whatever a function of the author's may raise
        place = traceback.extract_tb(error.__traceback__)[-1]
        raise _mistake(
            probe,
            f"{probe.generator!r} failed at {place.filename}:{place.lineno}: "
            f"{type(error).__name__}: {error}; expected the values of a case, by name",
        ) from error


def load_generator(probe: Probe) -> Callable[..., dict[str, Any]]:
    """The function that a probe names; raises ``QuantUsageError`` if there is none."""
    assert probe.generator is not None, probe.id
    module, _, name = probe.generator.rpartition(".")
    try:
        generate = getattr(importlib.import_module(module), name)
    except Exception as error:  # whatever a module of the author's may raise on import
        raise _mistake(
            probe,
            f"no generator {probe.generator!r} ({type(error).__name__}: {error}); "
            "expected the dotted name of a function that can be imported",
        ) from error
    if not callable(generate):
        raise _mistake(probe, f"{probe.generator!r} is not a function")
    try:
        inspect.signature(generate).bind(random, **probe.generator_options)
    except (TypeError, ValueError) as error:
        raise _mistake(
            probe,
            f"{probe.generator!r} cannot be called as (random.Random, **generator_options): "
            f"{error}",
        ) from error
    return generate  # type: ignore[no-any-return]
