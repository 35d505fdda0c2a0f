"""The page on PyPI: the README, whose links to other files of this repository are made absolute."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

# The target of a Markdown link that is neither an address nor a place on the page itself.
_RELATIVE = re.compile(r"\]\((?![a-z]+:|#)([^)\s]+)\)")


class ReadmeHook(MetadataHookInterface):
    """Fills in the dynamic field ``readme``."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = (Path(self.root) / "README.md").read_text("utf-8")
        files = f"{metadata['urls']['Source']}/blob/main"
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": _RELATIVE.sub(rf"]({files}/\1)", text),
        }
