"""Model files of a Hugging Face hub: fetched once, pinned to a commit, checked by their digest.

Fetching, taking up what was cut off, and the user's token are huggingface_hub's business: files lie
in its own cache, which other programs share. It checks the size of a file; whether it is the right
one is checked here, once.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.cache import remember

SCHEME = "hf://"
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_PLACE = re.compile(
    rf"(?P<repository>{_NAME}/{_NAME})/(?P<file>[^@]{{1,400}}?)(?:@(?P<revision>[^@]{{1,200}}))?",
    re.ASCII,
)
_PART = re.compile(r"(?P<stem>.+)-00001-of-(?P<count>\d{5})(?P<ending>\.gguf)", re.IGNORECASE)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_MOST_PARTS = 1000
_CHUNK = 1 << 22


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file in a repository; ``revision`` is a branch, a tag or a commit (``None``: the main)."""

    repository: str
    file: str
    revision: str | None = None

    def __str__(self) -> str:
        return f"{SCHEME}{self.repository}/{self.file}" + (
            f"@{self.revision}" if self.revision else ""
        )


def is_hub(text: str) -> bool:
    """Whether a text names a file of a hub and no path."""
    return text.strip().lower().startswith(SCHEME)


def parse_hub(text: str) -> HubFile:
    """Raises ``ValueError`` for a text that names no such file."""
    match = _PLACE.fullmatch(text.strip()[len(SCHEME) :])
    file = match["file"] if match else ""
    parts = file.split("/")
    sound = match and file.isprintable() and "\\" not in file
    if not match or not sound or any(part in ("", ".", "..") for part in parts):
        raise ValueError(
            f"found {text.strip()!r:.120}, expected {SCHEME}OWNER/REPOSITORY/FILE or "
            f"{SCHEME}OWNER/REPOSITORY/FILE@REVISION"
        )
    return HubFile(match["repository"], file, match["revision"])


class Hub:
    """The files of one session. ``known`` is what another process of it has fetched already.

    ``announce`` is told before anything that takes time; below ``notes`` is kept what was checked,
    and which commit a branch was.
    """

    def __init__(
        self,
        announce: Callable[[str], None],
        notes: Path,
        known: Mapping[str, tuple[str, str]] | None = None,
    ) -> None:
        self._announce = announce
        self._notes = notes / "hub"
        # By what was asked for: the file, and what it is, pinned to its commit.
        self.known: dict[str, tuple[str, str]] = dict(known or {})

    @property
    def sources(self) -> dict[Path, str]:
        """What each fetched file is."""
        return {Path(path): source for path, source in self.known.values()}

    def find(self, text: str) -> Path | None:
        """The file of a text that names one of a hub. Raises as `fetch`."""
        return self.fetch(text) if is_hub(text) else None

    def fetch(self, text: str) -> Path:
        """The file that a text names, all parts of it if it is split.

        Raises ``ValueError`` for a text that names none, ``QuantUsageError`` for a file that cannot
        be had or is not what the hub says that it is.
        """
        wanted = parse_hub(text)
        if str(wanted) not in self.known:
            path, pinned = self._fetch(wanted)
            if (match := _PART.fullmatch(wanted.file)) and int(match["count"]) <= _MOST_PARTS:
                for number in range(2, int(match["count"]) + 1):
                    name = f"{match['stem']}-{number:05}-of-{match['count']}{match['ending']}"
                    self._fetch(replace(pinned, file=name))
            self.known[str(wanted)] = (str(path), str(pinned))
        return Path(self.known[str(wanted)][0])

    def _fetch(self, wanted: HubFile) -> tuple[Path, HubFile]:
        hub = _library(wanted)
        endpoint = os.environ.get("HF_ENDPOINT") or None
        try:
            told = hub.get_hf_file_metadata(
                hub.hf_hub_url(
                    wanted.repository, wanted.file, revision=wanted.revision, endpoint=endpoint
                ),
                endpoint=endpoint,
            )
        except Exception as error:
            pinned = self._last(wanted)
            if _status(error) is None and (path := _cached(hub, pinned)):
                self._announce(f"{wanted}: the hub is out of reach; {pinned} is in the cache")
                self._check(path, pinned, path.resolve().name)
                return path, pinned
            raise _in_words(hub, wanted, error) from None
        if not told.commit_hash or not _COMMIT.fullmatch(told.commit_hash):
            raise QuantUsageError(
                f"{wanted}: the server names no commit, so that what is measured could not be "
                "found again; give another hub (HF_ENDPOINT)"
            )
        pinned = replace(wanted, revision=told.commit_hash)
        remember(self._note(str(wanted)), {"commit": pinned.revision})
        if not _cached(hub, pinned):
            size = f", {told.size:,} bytes" if told.size else ""
            self._announce(f"fetching {pinned}{size}")
        if not sys.stderr or not sys.stderr.isatty():
            hub.utils.disable_progress_bars()
        try:
            path = Path(
                hub.hf_hub_download(
                    wanted.repository,
                    wanted.file,
                    revision=pinned.revision,
                    endpoint=endpoint,
                )
            )
        except Exception as error:
            raise _in_words(hub, wanted, error) from None
        self._check(path, pinned, str(told.etag or ""))
        return path, pinned

    def _note(self, about: str) -> Path:
        return self._notes / f"{hashlib.sha256(about.encode()).hexdigest()[:32]}.json"

    def _last(self, wanted: HubFile) -> HubFile:
        """The commit that a branch or tag was when it was last asked for."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            commit = json.loads(self._note(str(wanted)).read_text("utf-8"))["commit"]
            if _COMMIT.fullmatch(commit):
                return replace(wanted, revision=commit)
        return wanted

    def _check(self, path: Path, pinned: HubFile, etag: str) -> None:
        """Raises ``QuantUsageError`` for a file of another digest; it is deleted."""
        status = path.stat()
        identity = [str(path.resolve()), status.st_size, status.st_mtime_ns, status.st_ino, etag]
        record = self._note(json.dumps(identity))
        with suppress(OSError, ValueError, KeyError, TypeError):
            if json.loads(record.read_text("utf-8"))["identity"] == identity:
                return
        found = _digest(path, etag)
        if not found:
            self._announce(f"{pinned}: the hub names no digest of it, so its size alone is checked")
        elif found != etag:
            path.resolve().unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            raise QuantUsageError(
                f"{pinned}: what came has the digest {found[:12]}, and the hub promised "
                f"{etag[:12]}; it is deleted: run again to fetch it anew"
            )
        remember(record, {"identity": identity})


def _digest(path: Path, etag: str) -> str:
    """The digest of a file in the form of an entity tag: large files have their SHA-256, small ones
    Git's; empty for a tag that is neither.
    """
    if not re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", etag):
        return ""
    digest = hashlib.sha256() if len(etag) == 64 else hashlib.sha1(usedforsecurity=False)
    if len(etag) == 40:
        digest.update(f"blob {path.stat().st_size}\0".encode())
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _library(wanted: HubFile) -> Any:
    try:
        import huggingface_hub
        import huggingface_hub.errors
        import huggingface_hub.utils
    except ImportError:
        raise QuantUsageError(
            f"{wanted}: to fetch it takes huggingface_hub: pip install pytest-quant[hub]"
        ) from None
    return huggingface_hub


def _cached(hub: Any, pinned: HubFile) -> Path | None:
    """The file of a commit, if it lies in the cache."""
    if not pinned.revision or not _COMMIT.fullmatch(pinned.revision):
        return None
    found = hub.try_to_load_from_cache(pinned.repository, pinned.file, revision=pinned.revision)
    return Path(found) if isinstance(found, str) else None


def _status(error: BaseException) -> int | None:
    status = getattr(getattr(error, "response", None), "status_code", None)
    return status if isinstance(status, int) else None


def _in_words(hub: Any, wanted: HubFile, error: Exception) -> QuantUsageError:
    """What a user can do about it. Nothing of the request is quoted: it holds the token."""
    errors, status = hub.errors, _status(error)
    place = f"{SCHEME}{wanted.repository}"
    login = "log in (hf auth login), with a token that may read it"
    if isinstance(error, errors.GatedRepoError) or status == 403:
        said = f"{place} is gated; accept its terms on its page, and {login}"
    elif isinstance(error, errors.RevisionNotFoundError):
        said = f"{place} has no revision {wanted.revision!r}; leave it out, or give another"
    elif isinstance(error, errors.EntryNotFoundError) and status == 404:
        said = f"{place} holds no file {wanted.file!r} at {wanted.revision or 'its main branch'}"
    elif isinstance(error, errors.RepositoryNotFoundError) or status in (401, 404):
        said = f"there is no {place}, or it is private; check the name, or {login}"
    elif status is not None:
        said = f"the hub answered with status {status}; try again later"
    elif isinstance(error, OSError) and error.errno is not None and error.strerror:
        said = f"it cannot be kept: {error.strerror}; make room, or choose another HF_HOME"
    elif isinstance(error, errors.OfflineModeIsEnabled):
        said = "HF_HUB_OFFLINE is set, and it is not in the cache"
    else:
        said = (
            f"it could not be fetched ({type(error).__name__}); look at the network, at "
            "HF_ENDPOINT, and run again"
        )
    return QuantUsageError(f"{wanted}: {said}")
