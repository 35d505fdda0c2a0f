"""What each kind of weights does by depth, as a file of its own."""

from __future__ import annotations

import io
from collections import defaultdict
from itertools import cycle
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from pytest_quant.analysis.weight_parts import Row, block_of, kind_of

# Told apart by those who see no red or no green (Okabe and Ito), and by shape.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
# Another number than of colours, so that no two kinds look alike.
_MARKERS = "osD^v"
_STYLE: Any = {
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "weight parts",
    # A name is no formula.
    "text.parse_math": False,
}
FORMATS = (".svg", ".png", ".pdf")


def depth_plot(rows: list[Row], title: str, form: str) -> bytes:
    """Divergence alone by block, a line for each kind of tensors; ``form`` is one of ``FORMATS``.

    What is in no block stands behind the last one.
    """
    by_kind: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[kind_of(row.swap.tensors[0])].append(row)
    last = max((block_of(row.swap.tensors[0]) or 0 for row in rows), default=0)
    with rc_context(_STYLE):
        figure = Figure((8, 4.5), layout="constrained")
        axes = figure.subplots()
        for (kind, found), colour, marker in zip(
            sorted(by_kind.items()), cycle(_COLOURS), cycle(_MARKERS), strict=False
        ):
            blocks = [block_of(row.swap.tensors[0]) for row in found]
            points = sorted(
                (last + 1 if block is None else block, row.alone.value, row.alone.error)
                for block, row in zip(blocks, found, strict=True)
            )
            x, y, errors = zip(*points, strict=True)
            axes.errorbar(
                x,
                y,
                yerr=errors,
                color=colour,
                marker=marker,
                markersize=5,
                capsize=2,
                linewidth=1.2,
                label=kind,
            )
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel(f"block (embedding and output at {last + 1})")
        axes.set_ylabel("mean KLD with it alone quantized, nats")
        axes.set_title(title, fontsize=11)
        axes.grid(visible=True, linewidth=0.4)
        figure.legend(loc="outside right upper", frameon=False)
        drawn = io.BytesIO()
        date = (
            {"Date": None} if form == ".svg" else {"CreationDate": None} if form == ".pdf" else {}
        )
        figure.savefig(drawn, format=form.removeprefix("."), metadata=date, dpi=120)
        return drawn.getvalue()
