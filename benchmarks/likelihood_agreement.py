"""How often the likeliest option of a choice is the one that the model writes.

    python benchmarks/likelihood_agreement.py [--model FILE] [--cases 24] [--probes ID ...]
                                              [--context 2048] [--write NAME]

Asks every choice both ways: the model writes its answer, which the probe's checker reads, and each
option is scored where the model writes one: behind its own words before the option that it names,
compared raw, per token and per byte; besides, raw behind the words after which the prompt wants the
answer (``Answer:``), and right behind the prompt. Only cases whose written answer names one option
are counted. Probes that ask for working first are told apart: what is
written there follows from what was worked out. --write puts the table into docs/probes.md, between
the comments that name the model. Ends
with status 1 if, over the probes that are taken by likelihood, the scored choice agrees with the
written one in fewer than 90 % of the cases.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tables import write_tables

from pytest_quant.base.library import EMBEDDED_MODEL, PROBES
from pytest_quant.checkers import outcome_of
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.files import probe_files
from pytest_quant.probes.model import Case, Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import Likelihood, Limits, PromptTooLong
from pytest_quant.session.choices import behind, likeliest, own_words

PAGE = Path(__file__).parent.parent / "docs" / "probes.md"
WAYS = ("raw", "per token", "per byte", "behind the words wanted", "behind the prompt")
LEAST = 0.9


@dataclass(frozen=True, slots=True)
class Choice:
    """The option that was written, those that were scored, by way, and the right one."""

    written: str
    scored: dict[str, str]
    right: str


@dataclass(frozen=True, slots=True)
class Row:
    """What one probe shows; ``direct`` if nothing is to be written before the answer."""

    probe: str
    by: str
    direct: bool
    asked: int
    choices: Sequence[Choice]

    def agreeing(self, way: str) -> int:
        return sum(choice.scored[way] == choice.written for choice in self.choices)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL)
    parser.add_argument("--cases", type=int, default=24)
    parser.add_argument("--probes", nargs="*", metavar="ID")
    parser.add_argument("--context", type=int, default=2048)
    parser.add_argument("--write", metavar="NAME")
    options = parser.parse_args()
    runtime = LlamaCppRuntime.open(options.model, threads=1, context=options.context)
    library = (probe for path in probe_files([PROBES]) for probe in read_probes(path))
    chosen = [
        probe
        for probe in library
        if probe.check == "choice" and (not options.probes or probe.id in options.probes)
    ]
    rows = []
    for probe in chosen:
        print(f"\r{probe.id:<40}", end="", file=sys.stderr, flush=True)
        try:
            rows.append(measured(runtime, probe, draw_cases(probe, options.cases)))
        except PromptTooLong:
            continue
    print("\r", end="", file=sys.stderr)
    table = "\n".join(lines(rows))
    print(table)
    if options.write:
        write_tables(PAGE, f"likelihood agreement of {options.write}", table)
    taken = [row for row in rows if row.by == "likelihood"]
    readable = sum(len(row.choices) for row in taken)
    return 0 if sum(row.agreeing("raw") for row in taken) >= LEAST * readable else 1


def measured(runtime: LlamaCppRuntime, probe: Probe, cases: Sequence[Case]) -> Row:
    prompts = [case.prompt for case in cases]
    batch = runtime.generate(prompts, Limits(max_tokens=probe.max_tokens))
    spelled = [case.options["options"] for case in cases]
    rows = [*zip(cases, prompts, spelled, batch.responses, strict=True)]
    own = [own_words(probe, case, prompt, of, reply.whole) for case, prompt, of, reply in rows]
    found = {
        way: runtime.score(prompts, [*map(behind, prompts, spelled, before)]).likelihoods
        for way, before in (
            ("own", own), ("announced", [None] * len(cases)), ("bare", [""] * len(cases)),
        )
    }  # fmt: skip
    choices = []
    for i, (case, _, options, response) in enumerate(rows):
        written = named(probe, case, response.whole)
        if written in options:
            scored = {way: options[index] for way, index in per_length(options, found["own"][i])}
            scored |= {
                title: likeliest(options, found[way][i]).text
                for title, way in zip((WAYS[0], *WAYS[3:]), found, strict=True)
            }
            choices.append(Choice(written, scored, case.expected_text))
    direct = probe.solution is None or probe.solution.startswith("Answer:")
    return Row(probe.id, probe.by, direct and probe.max_tokens <= 256, len(cases), choices)


def named(probe: Probe, case: Case, text: str) -> str:
    """The option that a written answer names, or whatever it says instead."""
    return outcome_of(
        probe.check, text, case.expected, **case.options, truncated=False, prompt=case.prompt
    ).answer


def per_length(options: Sequence[str], found: Sequence[Likelihood]) -> Iterator[tuple[str, int]]:
    """The index of the option that is the likeliest for its length."""
    shared = len_shared([one.tokens for one in found])
    own = [sum(one.logprobs[shared:]) for one in found]
    yield (
        "per token",
        top([total / len(o.tokens[shared:]) for total, o in zip(own, found, strict=True)]),
    )
    yield "per byte", top([total / len(o.encode()) for total, o in zip(own, options, strict=True)])


def len_shared(tokens: Sequence[Sequence[int]]) -> int:
    """How many tokens all begin with; each has one of its own."""
    most = min(map(len, tokens)) - 1
    return next((i for i in range(most) if len({of[i] for of in tokens}) > 1), most)


def top(values: Sequence[float]) -> int:
    return max(range(len(values)), key=values.__getitem__)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    ways = " | ".join(WAYS)
    yield f"| probe | readable | {ways} | written right | scored right |"
    yield "|---|---|---|---|---|---|---|---|---|"
    taken = [row for row in rows if row.by == "likelihood"]
    direct = [row for row in rows if row.direct and row not in taken]
    others = [row for row in rows if not row.direct and row not in taken]
    for title, members in (
        ("taken by likelihood", taken),
        ("answered at once", direct),
        ("worked out first", others),
    ):
        for row in members:
            yield line(row.probe, [row])
        yield line(f"**{title}**", members)


def line(title: str, rows: Sequence[Row]) -> str:
    asked = sum(row.asked for row in rows)
    choices = [choice for row in rows for choice in row.choices]
    readable = len(choices)
    agreeing = [share(sum(row.agreeing(way) for row in rows), readable) for way in WAYS]
    right = share(sum(c.written == c.right for c in choices), readable)
    scored = share(sum(c.scored["raw"] == c.right for c in choices), readable)
    return f"| {' | '.join([title, f'{readable} of {asked}', *agreeing, right, scored])} |"


def share(count: int, of: int) -> str:
    return f"{100 * count / of:.0f} %" if of else ""


if __name__ == "__main__":
    sys.exit(main())
