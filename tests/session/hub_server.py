"""A stand-in for a hub, over HTTP: what it keeps, what it says of it, and how it fails."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIRST, SECOND = "a" * 40, "b" * 40


@dataclass
class StandIn:
    """``files`` by (repository, revision, name); ``main`` is the commit of the main branch.

    The next ``cuts`` answers end in the middle. ``errors`` are what is said of a repository.
    ``asked`` are the requests: method, path, range and token.
    """

    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    main: str = FIRST
    cuts: int = 0
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    etag: str = ""
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)
    url: str = ""

    def put(self, repository: str, name: str, content: bytes, commit: str = FIRST) -> None:
        self.files[repository, commit, name] = content

    @property
    def fetched(self) -> list[str]:
        """The ranges of the files that were asked for, as they began.

        The library asks for other things, too.
        """
        return [span for how, path, span, _ in self.asked if how == "GET" and "/resolve/" in path]


@contextmanager
def stand_in() -> Iterator[StandIn]:
    hub = StandIn()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(hub))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(hub: StandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer()

        def do_GET(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """A test's output is its own."""

        def _answer(self) -> None:
            asked = self.headers.get("Range", ""), self.headers.get("Authorization", "")
            hub.asked.append((self.command, self.path, *asked))
            owner, name, what, revision, *rest = [*self.path.strip("/").split("/"), *[""] * 4]
            repository, file = f"{owner}/{name}", "/".join(part for part in rest if part)
            if repository in hub.errors:
                return self._refuse(*hub.errors[repository])
            if what != "resolve" or not any(known[0] == repository for known in hub.files):
                return self._refuse(404, "RepoNotFound")
            commit = hub.main if revision == "main" else revision
            if not any(known[:2] == (repository, commit) for known in hub.files):
                return self._refuse(404, "RevisionNotFound")
            content = hub.files.get((repository, commit, file))
            if content is None:
                return self._refuse(404, "EntryNotFound", commit)
            return self._send(content, commit)

        def _refuse(self, status: int, code: str, commit: str = "") -> None:
            self.send_response(status)
            self.send_header("X-Error-Code", code)
            if commit:
                self.send_header("X-Repo-Commit", commit)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, content: bytes, commit: str) -> None:
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
            self.send_response(206 if start else 200)
            etag = hub.etag or hashlib.sha256(content).hexdigest()
            self.send_header("X-Repo-Commit", commit)
            self.send_header("ETag", f'"{etag}"')
            self.send_header("Accept-Ranges", "bytes")
            if start:
                span = f"bytes {start}-{len(content) - 1}/{len(content)}"
                self.send_header("Content-Range", span)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            if self.command == "HEAD":
                return
            whole = content[start:]
            if hub.cuts:
                hub.cuts -= 1
                whole = whole[: len(whole) // 2]
                self.close_connection = True
            self.wfile.write(whole)

    return Handler
