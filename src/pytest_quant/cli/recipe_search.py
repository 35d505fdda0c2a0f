"""The work behind ``pytest-quant recipe``: sensitivities, an allocation, its correction, proof."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pytest_quant.analysis.allocation import Allocation, Option, allocate
from pytest_quant.analysis.weight_parts import mean
from pytest_quant.levels import Level, Recipe, parse_level
from pytest_quant.metrics.swaps import Swaps
from pytest_quant.reports.recipe_search import Proved
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.runtimes.llamacpp.artifacts import prepare
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.gguf_file import GgufInfo, inspect
from pytest_quant.runtimes.llamacpp.gguf_header import DEFAULT_ALIGNMENT
from pytest_quant.runtimes.llamacpp.kept_text import Limits
from pytest_quant.runtimes.llamacpp.swapping import Pair
from pytest_quant.runtimes.llamacpp.tensor_swaps import measure_swaps, measure_whole
from pytest_quant.runtimes.protocol import Reading

# What a recipe is held against.
STOCK = ("q2", "q3", "q4", "q5", "q6", "q8")
# In so many rounds the losses of what was chosen are measured, and the choice is made anew.
ROUNDS = 3

Progress = Callable[[str], Callable[[int, int], None]]


@dataclass(frozen=True, slots=True)
class Round:
    """One answer of the search: ``predicted`` is the sum of its losses, ``measured`` what all of it
    does on the text of the search, both in nats.
    """

    allocation: Allocation
    predicted: float
    measured: float


@dataclass(slots=True)
class Losses:
    """What each type of each tensor costs: measured, or from the type measured that is nearest.

    A divergence grows with the square of the error of the weights while that is small; so a type
    that was not measured costs what the measured one does, times the ratio of the squares.
    """

    errors: Mapping[str, Mapping[str, float]]
    measured: dict[str, dict[str, float]] = field(default_factory=dict)

    def add(self, found: Swaps) -> None:
        for swap in found.parts:
            (kind,) = swap.types
            loss = max(0.0, mean(swap.alone, found.tokens).value)
            self.measured.setdefault(swap.part, {})[kind] = loss

    def of(self, tensor: str, kind: str) -> float:
        known, errors = self.measured[tensor], self.errors[tensor]
        if kind in known:
            return known[kind]
        nearest = min(known, key=lambda other: abs(math.log(errors[other] / errors[kind])))
        return known[nearest] * (errors[kind] / errors[nearest]) ** 2


class Search:
    """Over the types ``kinds`` of the tensors of a model; ``reading`` is what it goes by."""

    def __init__(
        self,
        model: Path,
        kinds: Sequence[str],
        imatrix: Path | None,
        kept: Path,
        reading: Reading,
        limits: Limits,
        progress: Progress,
    ) -> None:
        self._reading, self._limits, self._progress = reading, limits, progress
        self.pairs: dict[str, Pair] = {}
        told = progress("quantizing")
        for number, kind in enumerate(kinds, 1):
            recipe = Recipe("Q8_0", ((".*", kind),), imatrix=imatrix)
            path = prepare(Level(kind.lower(), recipe), model, kept, limits.threads).path
            pair = Pair.of(model, path)
            self._made = path
            # Where rows do not fit a type, llama.cpp takes another one, which counts as itself.
            for name in pair.changed:
                self.pairs.setdefault(pair.kind(name), Pair(model, {})).changed[name] = (
                    pair.changed[name]
                )
            told(number, len(kinds))
        self.tensors = sorted({name for pair in self.pairs.values() for name in pair.changed})
        self.losses = Losses(self._errors())
        self.rounds: list[Round] = []

    def _errors(self) -> dict[str, dict[str, float]]:
        """The relative error of every tensor in every type; never nothing."""
        return {
            name: {
                kind: max(pair.error([name]).rms, 1e-9)
                for kind, pair in self.pairs.items()
                if name in pair.changed
            }
            for name in self.tensors
        }

    @property
    def weights(self) -> int:
        return sum(
            next(p.changed[name] for p in self.pairs.values() if name in p.changed)[
                0
            ].tensor.elements
            for name in self.tensors
        )

    def beside(self, info: GgufInfo) -> int:
        """The bytes of a level's file that are not of these tensors, whatever their types: its
        header as the quantizer writes it, other tensors, and what fills up to an alignment.
        """
        mine = {*self.tensors}
        made = inspect(self._made)
        header = made.size - sum(tensor.nbytes for tensor in made.tensors)
        rest = sum(tensor.nbytes for tensor in info.tensors if tensor.name not in mine)
        return header + rest + DEFAULT_ALIGNMENT * len(info.tensors)

    def size(self, tensor: str, kind: str) -> int:
        return self.pairs[kind].changed[tensor][1].tensor.nbytes

    def run(self, budget: int) -> Round:
        """The best of a few rounds for tensors that take so many bytes together.

        Raises ``NoRoom`` if they take more, else as ``measure_swaps``.
        """
        allocate(self._options(lambda *_: 0.0), budget)  # says at once if there is no room
        target = 8 * budget / self.weights
        self._measure({name: self._nearest(name, target) for name in self.tensors}, "sensitivities")
        for number in range(1, ROUNDS + 1):
            found = allocate(self._options(self.losses.of), budget)
            if any(found.kinds == earlier.allocation.kinds for earlier in self.rounds):
                break
            whole = measure_whole(self.mixed(found.kinds), self._reading, self._limits)
            measured = mean(whole.whole, whole.tokens).value
            self.rounds.append(Round(found, found.loss, measured))
            new = {n: k for n, k in found.kinds.items() if k not in self.losses.measured[n]}
            if number < ROUNDS and new:
                self._measure(new, f"correction {number}")
        return min(self.rounds, key=lambda one: one.measured)

    def mixed(self, kinds: Mapping[str, str]) -> Pair:
        """The level in which each tensor has its type."""
        any_pair = next(iter(self.pairs.values()))
        return Pair(
            any_pair.reference,
            {name: self.pairs[kind].changed[name] for name, kind in kinds.items()},
        )

    def _options(self, loss: Callable[[str, str], float]) -> dict[str, list[Option]]:
        return {
            name: [
                Option(kind, self.size(name, kind), loss(name, kind))
                for kind, pair in self.pairs.items()
                if name in pair.changed
            ]
            for name in self.tensors
        }

    def _nearest(self, tensor: str, bits: float) -> str:
        """The type of a tensor that is nearest to so many bits per weight."""
        return min(
            (kind for kind, pair in self.pairs.items() if tensor in pair.changed),
            key=lambda kind: abs(
                8 * self.size(tensor, kind) / self.pairs[kind].changed[tensor][0].tensor.elements
                - bits
            ),
        )

    def _measure(self, kinds: Mapping[str, str], what: str) -> None:
        pair = self.mixed(kinds)
        parts = {name: [name] for name in kinds}
        told = self._progress(what)
        self.losses.add(measure_swaps(pair, parts, self._reading, self._limits, told, keep=False))


class Stock:
    """The files of a model at the levels that a recipe is held against."""

    def __init__(self, model: Path, imatrix: Path | None, kept: Path, threads: int) -> None:
        self._model, self._imatrix, self._kept, self._threads = model, imatrix, kept, threads

    def made(self, level: Level) -> Artifact:
        return prepare(level, self._model, self._kept, self._threads)

    def of(self, name: str) -> Artifact:
        """Raises ``QuantUsageError`` for a name that is no level's."""
        level = parse_level(name)
        recipe = replace(level.recipe, imatrix=self._imatrix)
        return self.made(replace(level, recipe=recipe) if level.quantized else level)

    def beside(self, size: int) -> list[str]:
        """The largest stock level that is no larger, by more than rounding, and the next one."""
        sizes = {name: self.of(name).size for name in STOCK}
        below = [name for name in STOCK if sizes[name] <= 1.005 * size][-1:]
        above = [name for name in STOCK if sizes[name] > 1.005 * size][:1]
        return below + above


def proved(
    model: Path, recipe: Artifact, others: Sequence[Artifact], reading: Reading, threads: int
) -> tuple[Proved, list[Proved]]:
    """How far a recipe's file and others are from the reference on a text."""
    found = []
    with LlamaCppRuntime.open(model, threads=threads) as reference:
        for one in (recipe, *others):
            with LlamaCppRuntime.open(one.path, threads=threads) as own:
                read = reference.diverge(own, reading)
                assert read is not None, "both are llama.cpp's"
                found.append(Proved(one.level, one.size, one.bits_per_weight, read))
    return found[0], found[1:]
