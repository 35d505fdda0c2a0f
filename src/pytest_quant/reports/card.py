"""What is published with a model: a table for its card, and the same as the hub's metadata.

The hub's form is ``model-index`` (https://github.com/huggingface/hub-docs, modelcard.md), which
stands between two lines of dashes at the top of a card. Its newer ``.eval_results`` files are only
for datasets that are registered there as benchmarks, which a probe library is not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import yaml

from pytest_quant.analysis.estimates import Estimate, share_of
from pytest_quant.base.harmless import harmless
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.markdown import code, prose, row
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.results import file_words, levels_under_test, pooled_check
from pytest_quant.reports.standing import WORDS

# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96
_DATASET = "pytest-quant"
_SURE = {"confidence": 0.95}


def card(record: RunRecord) -> str:
    """Front matter and Markdown, to be put at the top and at the end of a model's card."""
    text = "\n".join(_table(record)) + "\n"
    return f"---\n{_front_matter(record)}---\n\n{harmless(text, chr(10))}"


def _front_matter(record: RunRecord) -> str:
    """The metadata as YAML; levels without a number have no entry."""
    metrics = [found for level in levels_under_test(record) for found in _metrics(record, level)]
    results = {
        "task": {"type": "text-generation", "name": "Text Generation"},
        "dataset": {
            "type": _DATASET,
            "name": "probes of pytest-quant",
            "revision": cases_digest(record),
        },
        "metrics": metrics,
    }
    index = [{"name": shown(record.model, 100), "results": [results] if metrics else []}]
    return yaml.safe_dump({"model-index": index}, sort_keys=False, allow_unicode=True, width=100)


def _metrics(record: RunRecord, level: LevelRecord) -> Iterator[dict[str, Any]]:
    name = f"{shown(level.name)} ({level.bits_per_weight:.2f} bits/weight)"
    if check := pooled_check(record, level.name):
        counts, result = check.result.counts, check.result
        accuracy = share_of(counts.level_correct, counts.n)
        yield _metric("accuracy", f"accuracy in %, {name}", accuracy, **_SURE, cases=counts.n)
        against = f"accuracy lost against {shown(record.reference)} in points, {name}"
        drop = Estimate(result.drop, result.lower, result.upper)
        more = {"alpha": record.alpha, "cases": counts.n, "limit": result.limit}
        yield _metric("accuracy_drop", against, drop, **more)
    if found := _divergence(record, level.name):
        against = f"mean KL divergence from {shown(record.reference)} in nats per token, {name}"
        yield _metric("kl_divergence", against, _mean(found), **_SURE, tokens=found.tokens)


def _metric(kind: str, name: str, found: Estimate, **more: float) -> dict[str, Any]:
    bounds = {"lower": _rounded(found.lower), "upper": _rounded(found.upper)}
    return {"type": kind, "value": _rounded(found.value), "name": name, "args": {**bounds, **more}}


def _rounded(value: float) -> float:
    """Four digits, which is more than is known."""
    return float(f"{value:.4g}")


def _table(record: RunRecord) -> Iterator[str]:
    reference = record.level(record.reference)
    levels = levels_under_test(record)
    yield f"## What quantization did to {code(record.model, 60)}"
    yield ""
    yield row(
        *("level", "bits/weight", "MB", "KL divergence, nats", "same top token, %"),
        *("accuracy, %", f"{prose(record.reference)}, %", "lost, points", "limit", "cases"),
        "verdict",
    )
    yield row("---", *["--:"] * 9, "---")
    for level in levels:
        yield row(code(level.name), *_sizes(level), *_told(record, level), _verdict(level))
    yield row(code(reference.name), *_sizes(reference), *["-"] * 7, "reference")
    yield ""
    yield (
        f"Accuracy is that of the cases of probes which {code(record.reference)} itself does "
        "better than guessing. In brackets: bounds, those of accuracy (Wilson) and KL divergence "
        "at 95 %, those of what was lost as the gate decides it, with an error budget of "
        f"{record.alpha:g} for all checks together. *pass*: shown to be within its limits, in "
        "every category; *undecided*: too few cases to tell."
    )
    if record.reference_quantized:
        yield ""
        yield (
            f"The reference {code(record.reference)} is quantized itself: what it lost already is "
            "not seen here."
        )
    yield ""
    yield row("level", "file", "recipe", "SHA-256")
    yield row(*["---"] * 4)
    for level in [reference, *levels]:
        words = file_words(record, level)
        file = code(level.file, 80) if level.file else words or "-"
        yield row(code(level.name), file, code(level.recipe, 60), f"`{level.digest}`")
    yield ""
    yield from _provenance(record)


def _sizes(level: LevelRecord) -> tuple[str, str]:
    return f"{level.bits_per_weight:.2f}", f"{level.size / 1e6:,.1f}"


def _verdict(level: LevelRecord) -> str:
    return WORDS[level.verdict] if level.verdict else "-"


def _told(record: RunRecord, level: LevelRecord) -> Iterator[str]:
    found = _divergence(record, level.name)
    yield _bounds(_mean(found), ".2g") if found else "-"
    yield f"{found.statistics['Same top p'].value:.1f}" if found else "-"
    check = pooled_check(record, level.name)
    if check is None:
        yield from ["-"] * 5
        return
    counts, result = check.result.counts, check.result
    yield _bounds(share_of(counts.level_correct, counts.n), ".1f")
    yield f"{100 * counts.reference_correct / counts.n:.1f}"
    yield _bounds(Estimate(result.drop, result.lower, result.upper), ".1f")
    yield f"{result.limit:g}"
    yield f"{counts.n:,}"


def _bounds(found: Estimate, form: str) -> str:
    return f"{found.value:{form}} \\[{found.lower:{form}}, {found.upper:{form}}\\]"


def _divergence(record: RunRecord, level: str) -> Divergence | None:
    """That on the held text."""
    return next((d for d in record.divergences_of(level) if d.is_headline), None)


def _mean(found: Divergence) -> Estimate:
    mean = found.statistics["Mean KLD"]
    spread = _TWO_SIDED * (mean.error or 0.0)
    return Estimate(mean.value, max(0.0, mean.value - spread), mean.value + spread)


def _provenance(record: RunRecord) -> Iterator[str]:
    """What it takes to measure the same again, as points."""
    asked = [m for m in record.measurements if not m.skipped]
    probes = counted(len({m.probe for m in asked}), "probe")
    yield (
        f"- Measured {code(record.created)} by pytest-quant {code(record.version)}"
        f"{_runtime(record.level(record.reference))}"
    )
    yield f"- {probes}; SHA-256 of the cases `{cases_digest(record)}`"
    told = record.provenance
    if found := next((d for d in record.divergences if d.is_headline), None):
        digest = f", SHA-256 `{told.text}`" if told and told.text else ""
        yield f"- KL divergence on {prose(found.title)}: {found.tokens:,} tokens{digest}"
    for form in dict.fromkeys(level.prompt for level in record.levels if level.prompt):
        names = ", ".join(code(x.name) for x in record.levels if x.prompt == form)
        yield f"- {names} asked as: {prose(form)}"
    if told and (chosen := {**told.options, **told.selection}):
        named = ", ".join(f"{code(name)} {code(text, 200)}" for name, text in chosen.items())
        yield f"- Options: {named}"


def _runtime(level: LevelRecord) -> str:
    if (ran := level.runtime) is None:
        return ""
    return f" with {code(f'{ran.name} {ran.version}')} on {code(ran.hardware, 100)}"


def cases_digest(record: RunRecord) -> str:
    """SHA-256 over all cases that were asked: two sessions that agree in it asked the same."""
    cases = sorted(
        {(m.probe, case.index, case.digest) for m in record.measurements for case in m.cases}
    )
    lines = "".join(f"{probe} {index} {digest}\n" for probe, index, digest in cases)
    return hashlib.sha256(harmless(lines, "\n").encode()).hexdigest()
