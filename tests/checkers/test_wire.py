"""What crosses between a program and its tests comes out as it went in, or is refused."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_quant.checkers.trial.wire import MAX_BYTES, MAX_DEPTH, Reader, TooLarge, Unfit, Writer


class Nobody:
    """An owner that hands nothing over."""

    def write_object(self, writer: Writer, value: Any) -> None:
        writer.text(b"?", repr(type(value)).encode())

    def read_object(self, _reader: Reader, _tag: bytes) -> Any:
        raise Unfit("an unknown tag")


def written(value: Any) -> bytes:
    writer = Writer(Nobody(), [])
    writer.write(value)
    return writer.written()


def crossed(value: Any) -> Any:
    return Reader(Nobody(), written(value), []).read()


SINGLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters())
    | st.binary()
    | st.complex_numbers(allow_nan=False)
    | st.builds(range, st.integers(), st.integers(), st.integers(1))
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.datetimes()
    | st.dates()
    | st.timedeltas()
)
KEYS = SINGLE | st.tuples(SINGLE, SINGLE) | st.frozensets(SINGLE, max_size=3)
VALUES = st.recursive(
    SINGLE | st.sets(KEYS, max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(VALUES)
def test_a_value_comes_out_as_it_went_in(value: Any) -> None:
    out = crossed(value)
    assert out == value
    assert repr(out) == repr(value) or isinstance(value, set | frozenset | dict | list | tuple)
    assert type(out) is type(value)


def test_what_is_in_itself_crosses() -> None:
    value: list[Any] = [1]
    value += [value, {"same": value}]
    out = crossed(value)
    assert out[1] is out
    assert out[2]["same"] is out


def test_what_is_nested_too_deeply_does_not_cross() -> None:
    value: list[Any] = []
    for _ in range(MAX_DEPTH - 1):
        value = [value]
    assert crossed(value) == value
    with pytest.raises(Unfit, match="unknown tag"):
        crossed([value])
    with pytest.raises(Unfit, match="nested too deeply"):
        Reader(Nobody(), b"l1;" * 10_000, []).read()


def test_what_is_too_large_does_not_cross() -> None:
    with pytest.raises(TooLarge, match="64 MB"):
        written(bytes(MAX_BYTES))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"i",
        b"ix;",
        b"sffffffffffff;a",
        b"s-1;",
        b"lffffffffffff;n",
        b"d2;l0;n",
        b"S1;l0;",
        b"r0;",
        b"r-1;",
        b"v2;osn",
        b"v9;os.systemu1;s2;ls",
        b"vc;datetime.dateu0;",
        b"vc;datetime.daten",
        b"f3;xyz",
        b"c1;n",
        b"R1;n",
        b"zzz",
    ],
)
def test_what_is_no_value_is_refused(data: bytes) -> None:
    with pytest.raises((Unfit, ValueError, IndexError, TypeError)):
        Reader(Nobody(), data, []).read()


def test_changed_bytes_are_a_value_or_refused() -> None:
    rng = random.Random(0)
    whole = written([1, "two", {"three": (4.0, {5, 6})}, b"seven", 8j, range(9), [None, True]])
    for _ in range(5000):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.choice(b"ilusdSFrvRfc0123456789abcdef;n+-")
        with suppress(Unfit, ValueError, IndexError, TypeError, OverflowError):
            Reader(Nobody(), bytes(data), []).read()
