"""How much of one text stands in another: what was searched on a text cannot be proved on it."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Runs of so many words that two texts share are no chance, whatever stands between the words.
RUN = 8
# Signs of which each is a word; then everything else that letters and digits make up.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


def shared(text: str, other: str) -> float:
    """The share of a text's runs of words that stand in another one, whatever spaces, line ends,
    capitals and signs are between them; 0 for a text of fewer words than a run.
    """
    runs = [*_runs(text)]
    known = {*_runs(other)}
    return sum(run in known for run in runs) / len(runs) if runs else 0.0


def _runs(text: str) -> Iterator[int]:
    words = _WORD.findall(text.casefold())
    for start in range(len(words) - RUN + 1):
        yield hash(tuple(words[start : start + RUN]))
