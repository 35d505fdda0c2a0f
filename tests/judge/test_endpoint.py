"""An endpoint, over real HTTP: what is sent, what comes back, and what goes wrong."""

from __future__ import annotations

import socket
import threading

import pytest
from tests.judge.server import Server, completion

from pytest_quant.judge.endpoint import Endpoint, NoAnswer
from pytest_quant.judge.prompt import question

KEY = "sk-secret-0123"
PROMPT = question("Say it.", "a long one", "short")


def endpoint(server: Server, timeout_s: float = 30, key: str = KEY) -> Endpoint:
    return Endpoint(server.url, "a-model", timeout_s, key, pause_s=0.0)


def why_not(asked: Endpoint) -> str:
    with pytest.raises(NoAnswer) as caught:
        asked.ask(PROMPT)
    return str(caught.value)


def test_asks_at_temperature_zero_with_the_key(server: Server) -> None:
    assert endpoint(server).ask(PROMPT) == "A"
    (asked,) = server.asked
    assert asked.path == "/v1/chat/completions"
    assert asked.prompt == PROMPT
    assert (asked.body["model"], asked.body["temperature"]) == ("a-model", 0)
    assert asked.headers["authorization"] == f"Bearer {KEY}"


def test_sends_no_key_if_there_is_none(server: Server) -> None:
    endpoint(server, key="").ask(PROMPT)
    assert "authorization" not in server.asked[0].headers


def test_sends_what_is_no_unicode(server: Server) -> None:
    endpoint(server).ask(question("Say it.", "\ud800", "\0"))
    assert server.asked[0].responses == ("\ud800", "\0")


def test_a_busy_endpoint_is_tried_again(server: Server) -> None:
    server.raw = [(503, b"loading"), (429, b"{}")]
    assert endpoint(server).ask(PROMPT) == "A"
    assert len(server.asked) == 3
    server.raw = [(503, b"loading")] * 3
    assert why_not(endpoint(server)) == "HTTP status 503"
    assert len(server.asked) == 6


def test_one_that_refuses_is_not(server: Server) -> None:
    said = b'{"error": {"message": "wrong key: %s"}}' % KEY.encode()
    server.raw = [(401, said)]
    assert why_not(endpoint(server)) == "HTTP status 401: wrong key: (the key)"
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"error": {"message": 5}}', b"[" * 99_999])
def test_an_error_without_words(server: Server, body: bytes) -> None:
    server.raw = [(404, body or b" ")]
    assert why_not(endpoint(server)) == "HTTP status 404"


def test_the_key_is_carried_to_no_other_place(server: Server) -> None:
    server.headers["Location"] = f"{server.url}/elsewhere"
    server.raw = [(302, b" ")]
    assert why_not(endpoint(server)) == "HTTP status 302"
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "body",
    [b"A", b"null", b'{"choices": []}', b'{"choices": [{"message": "A"}]}', b"\xff", b"[" * 99_999],
)
def test_what_is_no_completion(server: Server, body: bytes) -> None:
    server.raw = [(200, body)]
    assert why_not(endpoint(server)) == "an answer that is no chat completion"


@pytest.mark.parametrize("content", [None, 5, ["A"]])
def test_a_completion_without_text(server: Server, content: object) -> None:
    server.raw = [(200, completion(content))]
    assert endpoint(server).ask(PROMPT) == ""


def test_one_that_never_answers(server: Server) -> None:
    server.silent = threading.Event()
    assert why_not(endpoint(server, timeout_s=0.2)) == "no answer within 0.2 s"


def test_nobody_is_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        assert why_not(Endpoint(url, "m", 30, pause_s=0)) == "no answer: Connection refused"


def test_not_even_http_is_spoken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def chat() -> None:
            # What broke off is asked once more.
            for _ in range(2):
                connection, _ = listening.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"hello there\r\n\r\n")

        thread = threading.Thread(target=chat)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        assert why_not(Endpoint(url, "m", 30, pause_s=0)).startswith("no answer: ")
        thread.join()
