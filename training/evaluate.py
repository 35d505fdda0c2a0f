"""How well a checkpoint answers cases that it was never shown, probe by probe."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch

from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe
from training.data import families, pack, right_answers
from training.export import open_run
from training.model import Transformer
from training.tokenizer import Encoded, Tokenizer

_BATCH = 32


def evaluate_run(run: Path) -> None:
    """Print, for every family that is learned, the share of its cases answered word for word.

    The cases are those that a run of the plugin asks, all of them held out of training. A checker
    may accept an answer that this comparison does not.
    """
    model, tokenizer = open_run(run)
    shares = accuracy(model, tokenizer, (family.probe for family in families()))
    print(f"held-out cases answered exactly: {table(shares)}")


def accuracy(model: Transformer, tokenizer: Tokenizer, probes: Iterable[Probe]) -> dict[str, float]:
    """Probe id -> share of its cases that greedy decoding answers with the solution."""
    shares = {}
    for probe in probes:
        encoded = [
            tokenizer.encode_example(case.prompt, case.solution)
            for case in draw_cases(probe, probe.cases)
            if case.solution is not None
        ]
        right = [
            flag
            for start in range(0, len(encoded), _BATCH)
            for flag in _right(model, probe.id, encoded[start : start + _BATCH])
        ]
        shares[probe.id] = sum(right) / len(right)
    return shares


@torch.no_grad()
def _right(model: Transformer, probe_id: str, examples: Sequence[Encoded]) -> list[bool]:
    rows = [[(probe_id, example)] for example in examples]
    batch = pack(rows, max(len(example.ids) for example in examples))
    flags: list[bool] = right_answers(model(batch.tokens, batch.segments), batch).tolist()
    return flags


def table(shares: Mapping[str, float]) -> str:
    """Shares by probe, lowest first, and their mean, as text for a log."""
    lines = [f"  {share:6.1%}  {name}" for name, share in sorted(shares.items(), key=_by_share)]
    mean = sum(shares.values()) / len(shares)
    return "\n".join([f"mean {mean:.1%} of {len(shares)} probes", *lines])


def _by_share(item: tuple[str, float]) -> tuple[float, str]:
    return item[1], item[0]


def main() -> None:
    runs = Path(__file__).parent / "runs"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", default="main", help="folder under training/runs (default main)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    evaluate_run(runs / options.run)


if __name__ == "__main__":
    main()
