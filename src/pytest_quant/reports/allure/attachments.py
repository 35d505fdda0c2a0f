"""Texts beside a result: what models wrote among them, so they are bounded and harmless."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Sequence

from allure_commons.model2 import ATTACHMENT_PATTERN, Attachment
from allure_commons.types import AttachmentType

from pytest_quant.base.harmless import harmless
from pytest_quant.reports.plain_text import counted, paragraphs, shown
from pytest_quant.reports.sheet import cell

MOST_CHARACTERS = 10_000
MOST_ROWS = 2_000
_CELL = 100


def identifier(*parts: str) -> str:
    """A UUID that is the same whenever the parts are."""
    # A lone surrogate cannot be encoded.
    parts = tuple(map(harmless, parts))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, "/".join(("pytest-quant", *parts))))


class Attachments:
    """The attachments of one result, by file name; ``owner`` tells them from any other's."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self.texts: dict[str, str] = {}

    def text(self, name: str, text: str) -> Attachment:
        return self._add(name, paragraphs(text, MOST_CHARACTERS), AttachmentType.TEXT)

    def table(self, name: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Attachment:
        """Rows after the first ``MOST_ROWS`` are counted, not shown."""
        kept = [[cell(shown(text, _CELL)) for text in row] for row in rows]
        if left_out := len(kept) - MOST_ROWS:
            kept[MOST_ROWS:] = [[f"and {counted(left_out, 'more row')}"]] if left_out > 0 else []
        sheet = io.StringIO()
        csv.writer(sheet, lineterminator="\n").writerows([map(cell, heads), *kept])
        return self._add(name, sheet.getvalue(), AttachmentType.CSV)

    def _add(self, name: str, text: str, kind: AttachmentType) -> Attachment:
        prefix = identifier(self._owner, str(len(self.texts)))
        source = ATTACHMENT_PATTERN.format(prefix=prefix, ext=kind.extension)
        self.texts[source] = harmless(text, "\n\t")
        return Attachment(name=name, source=source, type=kind.mime_type)
