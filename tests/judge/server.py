"""A judge on this machine: a real HTTP server that speaks OpenAI's chat completions."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What the model answers to two responses, A and B.
Opinion = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: its path, its headers in lower case, its body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]

    @property
    def prompt(self) -> str:
        (message,) = self.body["messages"]
        assert message["role"] == "user"
        return str(message["content"])

    @property
    def responses(self) -> tuple[str, str]:
        """What stands in the prompt as A and as B."""
        mark, a, b = re.findall(
            r"\[(\w+) response A\]\n(.*)\n\[\1 end of response A\]\n\n"
            r"\[\1 response B\]\n(.*)\n\[\1 end of response B\]",
            self.prompt,
            re.DOTALL,
        )[0]
        assert re.fullmatch(r"[0-9a-f]{16}", mark)
        return a, b


@dataclass(slots=True)
class Server:
    """Answers with ``opinion``; ``raw`` replies, each a status and a body, come before that."""

    opinion: Opinion
    url: str = ""
    raw: list[tuple[int, bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    silent: threading.Event | None = None


def completion(text: object) -> bytes:
    message = {"role": "assistant", "content": text}
    return json.dumps({"choices": [{"index": 0, "message": message}]}).encode()


@contextmanager
def serving(opinion: Opinion) -> Generator[Server]:
    """A server on a free port of this machine."""
    server = Server(opinion)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, headers, json.loads(self.rfile.read(length)))
            server.asked.append(asked)
            if server.silent is not None:
                server.silent.wait()
                return
            status, body = server.raw.pop(0) if server.raw else (200, b"")
            self.send_response(status)
            for name, value in server.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body or completion(server.opinion(*asked.responses)))

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{listening.server_port}/v1"
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        if server.silent is not None:
            server.silent.set()
        listening.shutdown()
        thread.join()
        listening.server_close()
