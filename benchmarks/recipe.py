"""How much nearer a searched recipe is than the stock file of its size: docs/howto/recipe.md.

    python benchmarks/recipe.py [--model FILE] [--sizes q4,q3] [--tokens 2048] [--write]

Searches a recipe of the size of each level, and reads it and the stock file on the held text, which
the search never saw. --model FILE is another model than the embedded one, such as what
benchmarks/smollm2.py fetches. Ends with status 1 if one of q4 is not 20 % nearer by its mean KL
divergence, one of q3 not 25 %.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tables import title_of, write_tables

from pytest_quant.analysis.recipes import recipe_of
from pytest_quant.base.library import CALIBRATION_TEXT, EMBEDDED_MODEL
from pytest_quant.base.resources import usable_cpus, usable_memory
from pytest_quant.cli.recipe import KINDS
from pytest_quant.cli.recipe_search import Search, Stock, proved
from pytest_quant.levels import Level
from pytest_quant.reports.recipe_search import Proved, against
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.kept_text import Limits
from pytest_quant.session.held_text import held_text

PAGE = Path(__file__).parents[1] / "docs" / "howto" / "recipe.md"
HEAD = "| size of | file | mean KLD | the recipe's, of this one's | searched in |"
# At most so many times the stock file's mean KL divergence.
GOALS = {"q4": 0.8, "q3": 0.75}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL)
    parser.add_argument("--sizes", default="q4,q3", help="default: %(default)s")
    parser.add_argument("--tokens", type=int, default=2048, help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE.name}")
    chosen = parser.parse_args()
    lines, missed = [HEAD, "|---|---|---|---|---|"], 0
    for size in chosen.sizes.split(","):
        found, seconds = searched(chosen.model, size, chosen.tokens)
        for line in rows(size, found, seconds):
            print(line, flush=True)
            lines.append(line)
        ratio = against(found[0], found[1])
        missed += ratio is None or ratio.value > GOALS.get(size, 1.0)
    if chosen.write:
        write_tables(PAGE, f"recipes, {title_of(chosen.model)}", "\n".join(lines))
    return 1 if missed else 0


def searched(model: Path, size: str, tokens: int) -> tuple[list[Proved], float]:
    """The recipe, the stock file of its size and the next larger one, as read on the held text."""
    threads = usable_cpus()
    with tempfile.TemporaryDirectory() as directory:
        kept, info = Path(directory), inspect(model)
        stock = Stock(model, None, kept, threads)
        began = time.perf_counter()
        search = Search(
            model,
            KINDS,
            None,
            kept,
            held_text(CALIBRATION_TEXT),
            Limits(tokens, threads, usable_memory()),
            lambda _: lambda *_: None,
        )
        best = search.run(stock.of(size).size - search.beside(info))
        seconds = time.perf_counter() - began
        bits = 8 * best.allocation.nbytes / search.weights
        artifact = stock.made(Level("recipe", recipe_of(best.allocation.kinds, bits)))
        others = [stock.of(name) for name in stock.beside(artifact.size)]
        recipe, compared = proved(model, artifact, others, held_text(None), threads)
    return [recipe, *compared], seconds


def rows(size: str, found: list[Proved], seconds: float) -> Iterator[str]:
    for place, one in enumerate(found):
        kld = one.divergence.statistics["Mean KLD"]
        ratio = against(found[0], one) if place else None
        beside = f"{ratio.value:.2f} [{ratio.lower:.2f}, {ratio.upper:.2f}]" if ratio else ""
        yield (
            f"| {size} | {one.name}, {one.size / 1e6:.2f} MB | {kld.value:.4f} ± {kld.error:.4f} | "
            f"{beside} | {f'{seconds:.0f} s' if not place else ''} |"
        )


if __name__ == "__main__":
    raise SystemExit(main())
