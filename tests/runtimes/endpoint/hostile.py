"""A server of ours that speaks the OpenAI protocol, and misbehaves as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

# What a request is answered with: a status and a body, or nothing, where the handler did it all.
Act = Callable[["Handler", str, dict[str, Any]], tuple[int, Any] | None]


@dataclass(slots=True)
class Server:
    """``act`` is asked first; where it gives ``None`` an answer is the prompt in upper case."""

    url: str = ""
    model: str = "m"
    act: Act = lambda _handler, _path, _body: (0, None)
    asked: list[tuple[str, dict[str, Any], dict[str, str]]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def questions(self) -> list[str]:
        """The last message of each question, without those that were asked to find out."""
        found = [_question(body) for _, body, _ in self.asked if body]
        return [text for text in found if "one to five" not in text]


def _question(body: dict[str, Any]) -> str:
    return str(body["messages"][-1]["content"] if "messages" in body else body["prompt"])


class Handler(BaseHTTPRequestHandler):
    """Handles one request of the server that is its class's."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    served: Server

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._answer(json.loads(self.rfile.read(length)))

    def _answer(self, body: dict[str, Any]) -> None:
        server = self.served
        with server.lock:
            headers = {name.lower(): value for name, value in self.headers.items()}
            server.asked.append((self.path, body, headers))
            server.at_once += 1
            server.most_at_once = max(server.most_at_once, server.at_once)
        try:
            done = server.act(self, self.path, body)
            if done is None:
                return
            status, found = done if done[0] else usual(server, self.path, body)
            self.send(status, found)
        finally:
            with server.lock:
                server.at_once -= 1

    def send(self, status: int, found: Any, **headers: str) -> None:
        data = found if isinstance(found, bytes) else json.dumps(found).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def usual(server: Server, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """What a sound server says."""
    if path == "/v1/models":
        return 200, {"object": "list", "data": [{"id": server.model, "owned_by": "us"}]}
    if path == "/v1/chat/completions":
        return 200, reply(_question(body).upper(), body, server.model)
    return 404, {"error": {"message": "no such place"}}


def reply(text: str, body: dict[str, Any], model: str = "m", **choice: Any) -> dict[str, Any]:
    """A chat completion, a token for each word."""
    words = [f"{word} " for word in text.split()][: body.get("max_tokens", 1 << 20)]
    tokens = [{"token": word, "logprob": -0.5, "bytes": None} for word in words]
    told = {"content": tokens} if body.get("logprobs") else None
    return {
        "model": model,
        "choices": [
            {
                "message": {"role": "assistant", "content": "".join(words).strip()},
                "logprobs": told,
                "finish_reason": "stop" if len(words) == len(text.split()) else "length",
                **choice,
            }
        ],
        "usage": {"prompt_tokens": 7, "completion_tokens": len(words)},
    }


@contextmanager
def serving() -> Generator[Server]:
    """A server on a free port of this machine."""
    server = Server()
    handler = type("_Handler", (Handler,), {"served": server})

    class _Listening(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Whoever was asked for nothing any more has gone."""

    listening = _Listening(("127.0.0.1", 0), handler)
    server.url = f"http://127.0.0.1:{listening.server_port}/v1"
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        listening.shutdown()
        thread.join()
        listening.server_close()
