"""Which weights suffer: by kind, by depth, and no word that is not shown."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pytest_quant.analysis.weight_parts import (
    attention_ratio,
    block_of,
    kind_of,
    mean,
    parts_by,
    rows_of,
    shown_trends,
    sums_by_kind,
    trends,
)
from pytest_quant.metrics.swaps import Swap, Swaps, WeightError
from pytest_quant.reports.weight_parts import as_json, part_lines, sentences

TOKENS = (10, 30, 20, 40, 15, 25)


def part(
    name: str, alone: Sequence[float], kept: Sequence[float] | None = None, weights: int = 100
) -> Swap:
    error = WeightError(0.05, 0.1, 0.01, 0.5)
    found = None if kept is None else tuple(kept)
    return Swap(name, (name,), weights, ("Q4_K",), 4.5, error, tuple(alone), found)


def level(slope: float, attention: float = 1.0, blocks: int = 8) -> Swaps:
    """What grows with depth by ``slope``, and of which attention has so many times the rest."""
    parts = []
    for block in range(blocks):
        for name, times in (("attn_v", attention), ("ffn_up", 1.0)):
            height = times * (1.0 + slope * block) + 0.001 * ((7 * block) % 5)
            alone = [height * (1 + 0.02 * (i - 2.5)) for i in range(6)]
            parts.append(part(f"blk.{block}.{name}.weight", alone, [0.5] * 6))
    return Swaps("a text", TOKENS, (9.0,) * 6, tuple(parts))


@pytest.mark.parametrize(
    ("tensor", "kind", "block"),
    [
        ("token_embd.weight", "embedding", None),
        ("output.weight", "output", None),
        ("blk.0.attn_q.weight", "attention q", 0),
        ("blk.31.ffn_down.weight", "feed-forward down", 31),
        ("blk.2.attn_output.weight", "attention output", 2),
        ("blk.7.ffn_gate_exps.weight", "experts gate", 7),
        ("blk.1.ssm_in.weight", "ssm_in", 1),
    ],
)
def test_tensors_by_the_names_that_people_have(tensor: str, kind: str, block: int | None) -> None:
    assert (kind_of(tensor), block_of(tensor)) == (kind, block)


def test_parts() -> None:
    names = ["token_embd.weight", "blk.0.attn_q.weight", "blk.1.attn_q.weight", "output.weight"]
    assert parts_by("tensor", names) == {name: [name] for name in names}
    assert parts_by("group", names) == {
        "embedding": names[:1],
        "attention q": names[1:3],
        "output": names[3:],
    }
    assert [*parts_by("layer", names)] == ["embedding", "block 0", "block 1", "output"]


def test_a_mean_with_its_error_by_hand() -> None:
    found = mean([1.0, 3.0], (1, 3))
    assert found.value == 2.5
    # Sums of 1 * -1.5 and 3 * 0.5 around it: root of 2 / 1 * (2.25 + 2.25) over 4 tokens.
    assert found.error == pytest.approx(0.75)
    assert math.isnan(mean([1.0], (1, 3)).error)


def test_rows_come_by_what_they_do_and_say_what_is_regained() -> None:
    small, large = part("a", [0.1] * 6, [0.8] * 6), part("b", [0.5] * 6, [0.3] * 6)
    found = Swaps("a text", TOKENS, (1.0,) * 6, (small, large, part("c", [0.001] * 2)))
    rows = rows_of(found)
    assert [row.swap.part for row in rows] == ["b", "a", "c"]
    assert [row.gain and round(row.gain.value, 6) for row in rows] == [0.7, 0.2, None]
    assert [row.harmless for row in rows] == [False, False, True]
    assert sums_by_kind(rows) == {"b": 0.5, "a": 0.1, "c": 0.001}


@pytest.mark.parametrize(("slope", "shown"), [(0.5, 2), (-0.1, 2), (0.0, 0)])
def test_a_trend_is_told_where_it_is_shown(slope: float, shown: int) -> None:
    found = trends(rows_of(level(slope)))
    assert len(found) == 2
    assert {trend.blocks for trend in found} == {8}
    assert len(shown_trends(found)) == shown
    assert all((trend.tau > 0) == (slope > 0) for trend in shown_trends(found))


def test_blocks_that_all_do_nothing_show_no_trend() -> None:
    parts = tuple(part(f"blk.{block}.attn_q.weight", [0.0] * 6, [0.0] * 6) for block in range(6))
    assert trends(rows_of(Swaps("a text", TOKENS, (0.0,) * 6, parts))) == []


def test_a_kind_of_two_types_shows_no_trend() -> None:
    found = level(0.5)
    mixed = [replace(found.parts[0], types=("Q6_K",)), *found.parts[1:]]
    names = [trend.kind for trend in trends(rows_of(replace(found, parts=tuple(mixed))))]
    assert names == ["feed-forward up (Q4_K)"]


def test_few_blocks_show_no_trend() -> None:
    assert trends(rows_of(level(0.5, blocks=4))) == []


@pytest.mark.parametrize(
    ("attention", "verdict"),
    [(4.0, "as the guide expects"), (0.25, "against what the guide expects")],
)
def test_attention_beside_the_rest(attention: float, verdict: str) -> None:
    found = level(0.1, attention)
    ratio = attention_ratio(found)
    assert ratio is not None
    assert ratio.lower <= ratio.value <= ratio.upper
    assert ratio.value == pytest.approx(attention, rel=0.02)
    (told, *_) = sentences(found, rows_of(found))
    assert told.endswith(f"as one of the feed-forward: {verdict}.")


def test_no_difference_is_claimed_where_chunks_differ_more() -> None:
    one = part("blk.0.attn_q.weight", [1.0, 3.0, 1.0, 2.0, 3.0, 1.0])
    other = part("blk.0.ffn_up.weight", [3.0, 1.0, 2.0, 1.0, 1.0, 3.0])
    found = Swaps("a text", TOKENS, (1.0,) * 6, (one, other))
    (told,) = sentences(found, rows_of(found))
    assert "which shows no difference" in told


def test_nothing_is_said_of_attention_without_it() -> None:
    assert attention_ratio(Swaps("", TOKENS, (1.0,) * 6, (part("output.weight", [1.0]),))) is None
    nothing = part("blk.0.attn_q.weight", [0.0] * 6), part("blk.0.ffn_up.weight", [0.0] * 6)
    assert attention_ratio(Swaps("", TOKENS, (0.0,) * 6, nothing)) is None


def test_lines_fit_and_leave_nothing_out() -> None:
    lines = [*part_lines(level(0.3), "q4", "f16", 5)]
    assert lines[0] == "q4 against f16: 16 parts, 140 tokens in 6 chunks of a text"
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("and 11 others with ") for line in lines)
    every = [*part_lines(level(0.3), "q4", "f16", None)]
    assert sum(line.startswith("blk.") for line in every) == 16


def test_all_of_it_as_json() -> None:
    told = as_json(level(0.3), "q4", "f16")
    assert len(told["parts"]) == 16
    assert told["mean_whole"]["value"] == 9.0
    assert {"part", "tensors", "alone", "kept", "mean_alone", "error"} <= {*told["parts"][0]}
