"""The reference's predictions, made while levels are recorded, for runs that do not have it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.files import write_atomically
from pytest_quant.gate.baseline import RecordedChunk, recorded_chunks
from pytest_quant.gate.predictions_file import RecordedPredictions, dump
from pytest_quant.record.run import RunRecord
from pytest_quant.runtimes.protocol import Incomparable

if TYPE_CHECKING:
    from pytest_quant.session.session import Session


class NewPredictions:
    """What the reference predicts on the held text, and how far levels are from that.

    Nothing is read, and nothing known, unless the session compared levels on the held text.
    Raises ``RuntimeFailed`` when a model cannot be run.
    """

    def __init__(self, session: Session, record: RunRecord) -> None:
        self._session = session
        self._known: RecordedPredictions | None = None
        # A session that was stopped is not kept waiting.
        if not record.missing and any(found.source == "text" for found in record.divergences):
            session.plan.announce("reading the held text for runs that do not have the reference")
            digest = session.plan.lineup.artifacts[record.reference].digest
            made = session.bench.predictions(session.plan.held_text)
            self._known = RecordedPredictions(digest, made)

    def divergences(self, level: str) -> dict[str, tuple[RecordedChunk, ...]]:
        """A level's divergence from the predictions, as it is recorded."""
        if self._known is None:
            return {}
        try:
            found = self._session.bench.diverge_from(self._known.predictions, level)
        except Incomparable:
            return {}
        return {found.source: recorded_chunks(found.chunks)}

    def write(self, path: Path) -> bool:
        """Put the predictions into a file; whether it was another. Raises ``OSError``."""
        if self._known is None:
            return False
        content = dump(self._known)
        if path.exists() and path.read_bytes() == content:
            return False
        write_atomically(path, content)
        return True
