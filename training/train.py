"""One command: tokenizer, training, export, evaluation. Stopped at any moment, it goes on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional
from torch.optim import AdamW

from training import checkpoint, evaluate, export
from training.checkpoint import Checkpoint
from training.clock import TrainingClock
from training.data import Batch, Mixture, batches, families, right_answers, with_drills
from training.model import Shape, Transformer
from training.optimizer import Muon, learning_rate_share, make_optimizers, set_learning_rates
from training.restart import begin_from
from training.tokenizer import SAMPLE_EXAMPLES, TOKENIZER_NAME, Tokenizer, train_tokenizer

RUNS = Path(__file__).parent / "runs"
SEED = "embedded"
_REPORT_STEPS = 20
_CHECKPOINT_SECONDS = 180.0
_MONITOR_SECONDS = 300.0

LossAndLogits = Callable[[Batch], tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Budget:
    """When a run ends: after so much training time, or so many steps."""

    minutes: float | None
    steps: int | None

    def progress(self, step: int, seconds: float) -> float:
        """How much of the budget is spent; the run ends at 1."""
        if self.steps is not None:
            return step / self.steps
        assert self.minutes is not None
        return seconds / (60 * self.minutes)


def main() -> None:
    parser = argparse.ArgumentParser(prog="training", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=60.0, help="training time (default 60)")
    length.add_argument("--steps", type=int, help="number of steps, instead of a time")
    parser.add_argument("--run", default="main", help="folder under training/runs (default main)")
    parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        help="a GGUF of this project to begin a new run with: its weights and its tokenizer",
    )
    parser.add_argument(
        "--peak",
        type=float,
        default=1.0,
        help="highest learning rate as a share of the usual one; less of it suits a short run "
        "from a published file (default 1)",
    )
    options = parser.parse_args()
    run = RUNS / options.run
    if options.source and checkpoint.newest(run) is None:
        begin_from(options.source, run)
    train(run, Budget(None if options.steps else options.minutes, options.steps), options.peak)
    export.export_run(run, export.EMBEDDED)
    evaluate.evaluate_run(run)


def train(run: Path, budget: Budget, peak: float = 1.0) -> None:
    """Train until the budget is spent, from the newest checkpoint of ``run`` if it has one."""
    torch.manual_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tokenizer = _tokenizer(run)
    model = Transformer(Shape(len(tokenizer))).to(device)
    optimizers = make_optimizers(model, model.blk)
    step, tokens, seconds, rates = _resume(run, model, optimizers)
    # The seed names the step, so that a resumed run does not see its first examples again.
    seed = f"{SEED}:{step}"
    mixture = Mixture(families(), seed, rates)
    stream = batches(with_drills(mixture, seed), tokenizer)
    loss_and_logits = _compiled(model)
    clock = TrainingClock(seconds)
    last_saved = last_watched = seconds
    losses: list[Tensor] = []
    reported, reported_tokens = seconds, tokens
    while (progress := budget.progress(step, clock.seconds)) < 1:
        clock.start()
        set_learning_rates(optimizers, peak * learning_rate_share(step, progress))
        batch = next(stream).to(device)
        loss, logits = loss_and_logits(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        rights = right_answers(logits, batch).tolist()
        for probe_id, right in zip(batch.probe_ids, rights, strict=True):
            mixture.observe(probe_id, right)
        losses.append(loss.detach())
        step, tokens = step + 1, tokens + int((batch.segments >= 0).sum())
        clock.stop()
        if step % _REPORT_STEPS == 0:
            speed = (tokens - reported_tokens) / (clock.seconds - reported)
            _say(
                f"step {step}  loss {torch.stack(losses).mean():.4f}  "
                f"right {sum(mixture.rates.values()) / len(mixture.rates):.3f}  "
                f"{speed:.0f} tokens/s  {tokens / 1e6:.2f} M tokens  "
                f"{clock.seconds / 60:.1f} min, {progress:.1%}"
            )
            losses, reported, reported_tokens = [], clock.seconds, tokens
        if clock.seconds - last_watched > _MONITOR_SECONDS:
            last_watched = clock.seconds
            _say(f"training examples answered right: {evaluate.table(mixture.rates)}")
        if clock.seconds - last_saved > _CHECKPOINT_SECONDS:
            last_saved = clock.seconds
            _save(run, model, optimizers, step, tokens, clock.seconds, mixture)
    _save(run, model, optimizers, step, tokens, clock.seconds, mixture)


def _tokenizer(run: Path) -> Tokenizer:
    """The tokenizer of a run, trained when the run begins."""
    path = run / TOKENIZER_NAME
    if not path.exists():
        mixture = Mixture(families(), f"{SEED}:tokenizer")
        sample = islice(mixture, SAMPLE_EXAMPLES)
        train_tokenizer(((prompt, solution) for _, prompt, solution in sample), path)
    return Tokenizer(path)


def _compiled(model: Transformer) -> LossAndLogits:
    """Forward pass and loss as one compiled graph: a third faster on a plain CPU."""

    @torch.compile
    def weighted_loss(
        tokens: Tensor, segments: Tensor, targets: Tensor, weights: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = model(tokens, segments)
        each = functional.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), reduction="none"
        ).view_as(weights)
        return (each * weights).sum() / weights.sum(), logits.detach()

    def loss_and_logits(batch: Batch) -> tuple[Tensor, Tensor]:
        pair: tuple[Tensor, Tensor] = weighted_loss(
            batch.tokens, batch.segments, batch.targets, batch.weights
        )
        return pair

    return loss_and_logits


def _resume(
    run: Path, model: Transformer, optimizers: tuple[Muon, AdamW]
) -> tuple[int, int, float, dict[str, float]]:
    path = checkpoint.newest(run)
    if path is None:
        return 0, 0, 0.0, {}
    saved = checkpoint.load(path)
    model.load_state_dict(saved.model)
    for optimizer, state in zip(optimizers, saved.optimizers, strict=True):
        optimizer.load_state_dict(dict(state))
    _say(f"resumed from {path.name}: step {saved.step}, {saved.seconds / 60:.1f} min")
    return saved.step, saved.tokens, saved.seconds, dict(saved.rates)


def _save(
    run: Path,
    model: Transformer,
    optimizers: tuple[Muon, AdamW],
    step: int,
    tokens: int,
    seconds: float,
    mixture: Mixture,
) -> None:
    state = Checkpoint(
        step=step,
        tokens=tokens,
        seconds=seconds,
        model=model.state_dict(),
        optimizers=tuple(o.state_dict() for o in optimizers),
        rates=mixture.rates,
    )
    _say(f"saved {checkpoint.save(run, state).name}")


def _say(line: str) -> None:
    print(time.strftime("%H:%M:%S"), line, flush=True)


if __name__ == "__main__":
    main()
