"""How often the divergence check fails where nothing was damaged, and where something was.

    python benchmarks/chunk_noise.py [--write] [--repeats 2000]

Texts are simulated, whose chunks a harmless change moves as real ones were seen to move, or worse.
The same are tests, with fewer repeats (tests/gate/test_divergence_regression.py). Prints the
tables; --write puts them into docs/gate.md. Ends with status 1 if a harmless change fails more
often than alpha, or damage less often than is promised. About ten minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.divergence_regression import evaluate_divergence

Floats = npt.NDArray[np.float64]
# From the number of chunks to their divergences, recorded and now.
Draw = Callable[[int, np.random.Generator], tuple[Floats, Floats]]

SIZES = (8, 16, 24, 32, 64, 91)
ALPHAS = (0.05, 0.0125, 0.003)
# Of a divergence that is a quarter higher: how often it is to fail, at an alpha of a session.
WHOLE, SINGLE = "all chunks", "one chunk"
PROMISED = {WHOLE: 0.95, SINGLE: 0.85}
# Chunks that move together: those that are read in one batch.
_GROUP = 8


def text(count: int, random: np.random.Generator, spread: float = 1.0) -> Floats:
    """The divergences of the chunks of a sound q8."""
    return 4e-4 * random.lognormal(0, spread, count)


def moved_roots(klds: Floats, scale: float, freedom: float, random: np.random.Generator) -> Floats:
    """Errors of Student's t are added to the roots."""
    moved: Floats = (np.sqrt(klds) + scale * random.standard_t(freedom, klds.shape)) ** 2
    return moved


def in_groups(values: Floats, count: int) -> Floats:
    """One value a group, for each of its chunks."""
    return np.repeat(values, _GROUP)[:count]


def _roots(scale: float, freedom: float) -> Draw:
    def draw(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
        klds = text(count, random)
        return (
            moved_roots(klds, scale, freedom, random),
            moved_roots(klds, scale, freedom, random),
        )

    return draw


def _few_by_half(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    klds = text(count, random)
    moving = random.random(count) < 0.1
    return klds, klds * np.where(moving, 1 + 0.5 * random.choice([-1, 1], count), 1)


def _shifted(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    klds = text(count, random)
    then, now = (klds * random.lognormal(0, 0.1, count) for _ in range(2))
    return then, 1.05 * now


def _groups(spread: float, shift: float = 1.0) -> Draw:
    def draw(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
        klds = text(count, random)
        return klds, shift * klds * in_groups(random.lognormal(0, spread, count), count)

    return draw


def _group_steps(share: float, step: float) -> Draw:
    """So many groups move, all as far, up as often as down; the others not at all."""

    def draw(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
        klds = text(count, random)
        moves = np.where(random.random(count) < share, random.choice([-step, step], count), 0)
        return klds, klds * in_groups(1 + moves, count)

    return draw


def _group_roots(count: int, random: np.random.Generator) -> tuple[Floats, Floats]:
    klds = text(count, random)
    steps = in_groups(np.abs(random.standard_t(1.5, count)), count)
    return klds, (np.sqrt(klds) + 1e-3 * steps * random.standard_normal(count)) ** 2


HARMLESS: Mapping[str, Draw] = {
    "roots move, t with 1.5 degrees of freedom": _roots(1e-3, 1.5),
    "roots move five times as far": _roots(5e-3, 1.5),
    "roots move, t with 3 degrees of freedom": _roots(2e-3, 3),
    "one chunk in ten moves by half, the others not at all": _few_by_half,
    "all 5 % higher, noise 0.1 on both sides": _shifted,
    "groups of 8 move by 0.1": _groups(0.1),
    "groups of 8 move by 0.3": _groups(0.3),
    "groups of 8 move by 0.1, all 5 % higher": _groups(0.1, 1.05),
    "groups of 8 move as far as each other, t with 1.5": _group_roots,
    "one group of 8 in ten moves by half, the others not at all": _group_steps(0.1, 0.5),
    "groups of 8 rise by half, fall by half or stay": _group_steps(2 / 3, 0.5),
    "every group of 8 rises or falls by half": _group_steps(1, 0.5),
    "every group of 8 rises or falls by a fifth": _group_steps(1, 0.2),
}


def damaged(
    count: int, carriers: int, random: np.random.Generator, noise: float = 0.1
) -> tuple[Floats, Floats]:
    """A mean that is a quarter higher, all of it in some chunks; noise on both sides."""
    klds = text(count, random, 0.5)
    now = klds.copy()
    if carriers == count:
        now *= 1.25
    else:
        now[random.choice(count, carriers, replace=False)] += 0.25 * klds.sum() / carriers
    return klds * random.lognormal(0, noise, count), now * random.lognormal(0, noise, count)


def chunks(klds: Floats) -> list[RecordedChunk]:
    return [RecordedChunk(f"{index:08x}", 64, kld) for index, kld in enumerate(klds.tolist())]


def fails(recorded: Floats, now: Floats, alpha: float) -> bool:
    result = evaluate_divergence(chunks(recorded), chunks(now), alpha)
    return result is not None and result.verdict == "fail"


def failing(
    draw: Draw, count: int, repeats: int, alphas: tuple[float, ...] = ALPHAS, seed: int = 31
) -> list[float]:
    """The share of texts that fail, at each alpha."""
    random = np.random.default_rng(seed)
    texts = [draw(count, random) for _ in range(repeats)]
    return [float(np.mean([fails(*sides, alpha) for sides in texts])) for alpha in alphas]


def harmless_table(found: Mapping[str, list[list[float]]]) -> Iterator[str]:
    """One line a change: the share that fails at the largest alpha / the middle / the least."""
    yield f"| harmless change | {' | '.join(f'{size} chunks' for size in SIZES)} |"
    yield "|---|" + "---|" * len(SIZES)
    for name, sizes in found.items():
        cells = (" / ".join(f"{100 * share:.1f}" for share in shares) for shares in sizes)
        yield f"| {name} | {' | '.join(cells)} |"


def damage_table(found: Mapping[int, list[float]]) -> Iterator[str]:
    yield f"| a quarter higher, in | {' | '.join(f'alpha {a:g}' for a in ALPHAS)} |"
    yield "|---|" + "---|" * len(ALPHAS)
    for carriers, shares in found.items():
        cells = " | ".join(f"{100 * share:.0f} %" for share in shares)
        yield f"| {carriers} of {SIZES[-1]} chunks | {cells} |"


def main() -> int:
    from tables import GATE_PAGE, write_tables

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/gate.md")
    options = parser.parse_args()
    harmless = {
        name: [failing(draw, size, options.repeats) for size in SIZES]
        for name, draw in HARMLESS.items()
    }
    most = SIZES[-1]
    caught = {
        carriers: failing(
            lambda count, random, carriers=carriers: damaged(count, carriers, random),  # type: ignore[misc]
            most,
            options.repeats,
        )
        for carriers in (1, 2, 4, 8, 16, 45, most)
    }
    tables = [*harmless_table(harmless), "", *damage_table(caught), ""]
    tables.append(f"Of {options.repeats} texts in each cell.")
    print("\n".join(tables), flush=True)
    if options.write:
        write_tables(GATE_PAGE, "simulated chunks", "\n".join(tables))
    margin = 3 * np.sqrt(np.array(ALPHAS) / options.repeats)
    held = all(
        (np.array(shares) <= ALPHAS + margin).all()
        for sizes in harmless.values()
        for shares in sizes
    )
    seen = min(caught[most]) >= PROMISED[WHOLE] and min(caught[1]) >= PROMISED[SINGLE]
    return 0 if held and seen else 1


if __name__ == "__main__":
    sys.exit(main())
