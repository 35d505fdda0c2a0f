"""Tables of data: one test reads a whole table, and names each row that fails.

A test costs three milliseconds with workers, more than most rows do, and there are thousands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import pytest

Row = TypeVar("Row")


def each(rows: Iterable[Row], judge: Callable[[Row], None], name: Callable[[Row], str]) -> None:
    """Judge every row; what any of them asserts in vain is told with the row's name.

    An error that is no assertion ends the test at its row. There has to be a row.
    """
    failed, count = [], 0
    for row in rows:
        count += 1
        try:
            judge(row)
        except AssertionError as error:
            failed.append(f"{name(row)}\n    {error}")
        except Exception as error:
            error.add_note(f"in the row {name(row)}")
            raise
    assert count
    if failed:
        pytest.fail(f"{len(failed)} of {count} rows:\n\n" + "\n\n".join(failed), pytrace=False)
