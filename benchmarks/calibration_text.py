"""Draw the text that importance matrices are made on by default, of what this project wrote itself.

    python benchmarks/calibration_text.py > src/pytest_quant/models/calibration.txt

Prose and tables of the documentation, code of the package, and solved questions on the side of the
cases that are never asked, in turn. What has eight words in a row with anything that judges a level
is left out: the cases of the probe library, their answers and the held text. The text was drawn
once and is kept, so that a matrix made on it stays the same when documents change.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator
from itertools import cycle, islice
from pathlib import Path

from pytest_quant.base.library import HELD_TEXT, PROBES
from pytest_quant.probes.cases import each_case
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.probes.training import training_examples

HERE = Path(__file__).resolve().parents[1]
WORDS_IN_A_ROW = 8
# Characters of the text, and the most of one of its pieces: long ones would be most of the text.
LENGTH = 200_000
MOST = 3_000
LONGEST_EXAMPLE = 400
# Of one probe: what stands in its prompts stands in the first of them.
CASES = 40
MOST_OF_A_PROBE = 400_000


def rows_of_words(text: str) -> set[tuple[str, ...]]:
    """Every eight words in a row, whatever stands between them."""
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + WORDS_IN_A_ROW]) for i in range(len(words) - WORDS_IN_A_ROW + 1)}


def judging(
    probes: Iterable[Probe], cases: int = CASES, most: int = MOST_OF_A_PROBE
) -> Iterator[str]:
    """The texts that decide about a level: cases with their answers, and the held text."""
    for line in HELD_TEXT.read_text("utf-8").splitlines():
        yield from json.loads(line)[1:]
    for probe in probes:
        length = 0
        for case in islice(each_case(probe), cases):
            text = f"{case.prompt}\n{case.solution or ''}\n{case.expected_text}"
            yield text
            length += len(text)
            if length > most:
                break


def shipped_probes() -> list[Probe]:
    files = sorted(PROBES.rglob("*.yaml"))
    return [probe for path in files for probe in read_probes(path, path.name)]


def _pieces(files: Iterable[Path], between: str) -> Iterator[str]:
    """Neighbouring parts of files, put together up to a length."""
    for path in files:
        piece = ""
        for part in re.split(between, path.read_text("utf-8")):
            if piece and len(piece) + len(part) > MOST:
                yield piece
                piece = ""
            piece += part
        yield piece


def _solved(probes: Iterable[Probe], judged: set[tuple[str, ...]]) -> Iterator[str]:
    known = [probe for probe in probes if probe.solution is not None and probe.held_out]
    piece = ""
    for _, asked, said in training_examples(known, "importance"):
        example = f"Question: {asked}\nAnswer: {said}\n\n"
        if len(example) < LONGEST_EXAMPLE and not rows_of_words(example) & judged:
            piece += example
        if len(piece) > MOST:
            yield piece
            piece = ""


def main() -> None:
    probes = shipped_probes()
    judged = set[tuple[str, ...]]().union(*map(rows_of_words, judging(probes)))
    docs = sorted((HERE / "docs").rglob("*.md"), key=lambda path: path.name)
    code = sorted((HERE / "src").rglob("*.py"), key=lambda path: path.name[::-1])
    sources = [
        _pieces(docs, r"(?<=\n\n)"),
        _solved(probes, judged),
        _pieces(code, r"(?<=\n\n\n)"),
    ]
    length = 0
    for source in cycle(sources):
        piece = next(source).strip()
        while not piece or rows_of_words(piece) & judged:
            lines = [line for line in piece.split("\n") if not rows_of_words(line) & judged]
            thinner = "\n".join(lines)
            piece = next(source).strip() if thinner == piece or not thinner else thinner
        sys.stdout.write(f"{piece}\n\n")
        length += len(piece)
        if length > LENGTH:
            break


if __name__ == "__main__":
    main()
