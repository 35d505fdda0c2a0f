"""Servers that fail in every way: what the user is told, and what is kept."""

from __future__ import annotations

import json
import socket
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.runtimes.endpoint.hostile import Act, Handler, Server, reply, serving

from pytest_quant.base.client import Client
from pytest_quant.base.conversation import Conversation, Message
from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.chat import OWN_FORM, Chat
from pytest_quant.runtimes.endpoint.description import Description, read_description
from pytest_quant.runtimes.endpoint.resumption import Unfinished, end_run, join_run
from pytest_quant.runtimes.endpoint.runtime import EndpointRuntime
from pytest_quant.runtimes.endpoint.server import find_out
from pytest_quant.runtimes.endpoint.switches import check_form
from pytest_quant.runtimes.protocol import Limits, PromptTooLong

KEY = "sk-secret-0123"
PROMPTS = [f"say number {n}" for n in range(8)]
LIMITS = Limits(8)


@pytest.fixture
def server() -> Generator[Server]:
    with serving() as it:
        yield it


def client(timeout_s: float = 20.0) -> Client:
    return Client(key=KEY, timeout_s=timeout_s, connections=4, pause_s=0.0)


def opened(
    server: Server, folder: Path, chat: Chat = OWN_FORM, timeout_s: float = 20.0
) -> EndpointRuntime:
    description = Description(server.url, timeout_s=timeout_s)
    asking = client(timeout_s)
    found = find_out(description, asking)
    kept = Unfinished(folder, "origin")
    return EndpointRuntime(description, found, asking, kept, chat=chat, parallel=4)


def mistake(description: Description, timeout_s: float = 20.0) -> str:
    with pytest.raises(QuantUsageError) as caught:
        find_out(description, client(timeout_s))
    told = str(caught.value)
    assert KEY not in told
    assert description.url in told
    return told


def after_finding_out(act: Act) -> Act:
    """The same for questions alone."""

    def done(handler: Handler, path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        if "messages" not in body or "one to five" in body["messages"][-1]["content"]:
            return 0, None
        return act(handler, path, body)

    return done


def always(status: int, body: Any) -> Act:
    return lambda _handler, _path, _body: (status, body)


def test_answers_come_in_the_order_of_the_prompts(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    first, second = runtime.generate_each([PROMPTS[:3], PROMPTS[3:]], LIMITS)
    found = [*first.responses, *second.responses]
    assert [response.text for response in found] == [prompt.upper() for prompt in PROMPTS]
    assert {response.finish for response in found} == {"end"}
    assert found[0].logprobs == (-0.5,) * 3
    assert len(set(found[0].tokens)) == 3
    assert found[0].tokens[:2] == found[1].tokens[:2]
    assert min(found[0].tokens) >= 1 << 40
    body = server.asked[-1][1]
    assert (body["temperature"], body["seed"], body["max_tokens"]) == (0, 0, 8)
    assert "cache_prompt" not in body
    assert server.most_at_once <= 4
    assert all(headers["authorization"] == f"Bearer {KEY}" for _, _, headers in server.asked)


def test_many_questions_are_answered_without_loss(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    prompts = [f"say number {n}" for n in range(200)]
    found = runtime.generate(prompts, LIMITS).responses
    assert [response.text for response in found] == [prompt.upper() for prompt in prompts]


def test_what_is_cut_is_told(server: Server, tmp_path: Path) -> None:
    (response,) = opened(server, tmp_path).generate(["a b c d"], Limits(2)).responses
    assert (response.text, response.finish, len(response.tokens)) == ("A B", "length", 2)


def test_turns_and_a_system_text_are_messages(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path, Chat(system="Be short."))
    turns = [Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "bye")]
    runtime.generate([Conversation(turns)], LIMITS)
    sent = [(one["role"], one["content"]) for one in server.asked[-1][1]["messages"]]
    assert sent == [
        ("system", "Be short."),
        *((turn.role, turn.content) for turn in turns),
    ]


def test_tools_are_told_in_words(server: Server, tmp_path: Path) -> None:
    asked = Conversation([Message("user", "Hi")], '[{"name": "greet"}]')
    opened(server, tmp_path).generate([asked], LIMITS)
    (sent,) = server.asked[-1][1]["messages"]
    assert '[{"name": "greet"}]' in sent["content"]
    assert "tools" not in server.asked[-1][1]


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (always(401, {"error": {"message": f"no {KEY}"}}), "set the environment variable OPENAI_"),
        (always(403, {}), "set the environment variable OPENAI_API_KEY"),
        (always(404, b"<html>"), "give the base URL of a server that speaks the OpenAI protocol"),
        (always(503, {"error": {"message": "loading"}}), "HTTP status 503: loading"),
        (always(302, b""), "HTTP status 302"),
        (always(200, b"[" * 99_999), "an answer that is no JSON"),
        (always(200, b'{"data": NaN}'), "an answer that is no JSON"),
        (always(200, {"data": {}}), "a list of models that is none"),
        (always(200, {"data": []}), "serves 0 models (none); say which"),
        (
            always(200, {"data": [{"id": "a"}, {"id": "b"}]}),
            "serves 2 models (a, b); say which: --quant-endpoint LEVEL=",
        ),
    ],
)
def test_a_server_that_cannot_be_asked_is_a_mistake(server: Server, act: Act, told: str) -> None:
    server.act = act
    assert told in mistake(Description(server.url))


def test_a_model_that_is_not_there_is_a_mistake(server: Server) -> None:
    said = mistake(Description(server.url, "mm"))
    assert "serves no model 'mm'; it lists m: --quant-endpoint" in said


def test_nobody_is_there() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        assert "gave no answer: Connection refused\nstart the server" in mistake(Description(url))


def test_an_unknown_host() -> None:
    said = mistake(Description("http://nowhere.invalid/v1"))
    assert "gave no answer: " in said
    assert "start the server, or correct the URL" in said


def test_tls_where_none_is_spoken(server: Server) -> None:
    assert "gave no answer: " in mistake(Description(server.url.replace("http:", "https:")))


def test_one_that_stalls(server: Server) -> None:
    def stall(_handler: Handler, _path: str, _body: dict[str, Any]) -> None:
        server.released.wait()

    server.act = stall
    assert "gave no answer within 0.1 s" in mistake(Description(server.url), 0.1)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: Server, tmp_path: Path, status: int) -> None:
    runtime = opened(server, tmp_path)
    refused: set[str] = set()

    def act(handler: Handler, _path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        text = body["messages"][-1]["content"]
        if text in refused:
            return 0, None
        refused.add(text)
        handler.send(status, {"error": {"message": "later"}}, Retry_After="0")
        return None

    server.act = after_finding_out(act)
    found = runtime.generate(PROMPTS, LIMITS).responses
    assert [response.text for response in found] == [prompt.upper() for prompt in PROMPTS]
    assert sorted(server.questions) == sorted(PROMPTS * 2)


def test_half_an_answer_is_asked_for_again(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    dropped: list[str] = []

    def act(handler: Handler, _path: str, _body: dict[str, Any]) -> tuple[int, Any] | None:
        if dropped:
            return 0, None
        dropped.append("")
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')
        handler.close_connection = True
        return None

    server.act = after_finding_out(act)
    assert runtime.generate(PROMPTS[:1], LIMITS).responses[0].text == "SAY NUMBER 0"
    assert len(server.questions) == 2


def without_logprobs(server: Server) -> Act:
    """In every tenth answer."""

    def act(_handler: Handler, _path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        if body["messages"][-1]["content"].endswith("7"):
            return 200, reply("seven", body, server.model, logprobs=None)
        return 0, None

    return act


def endless(handler: Handler, _path: str, _body: dict[str, Any]) -> None:
    handler.send_response(200)
    handler.end_headers()
    handler.close_connection = True
    piece = b" " * (1 << 20)
    for _ in range(64):
        handler.wfile.write(piece)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (always(500, {"error": {"message": f"{KEY} broke"}}), "HTTP status 500: (the key) broke"),
        (always(400, {"error": "bad request"}), "HTTP status 400: bad request"),
        (always(200, b"<html>"), "an answer that is no JSON"),
        (always(200, []), "an answer that is no chat completion"),
        (always(200, {"choices": []}), "an answer that is no chat completion"),
        (always(200, {"choices": [{"message": {"content": 5}}]}), "that is no chat completion"),
        (always(200, {"choices": [{"message": None}]}), "an answer that is no chat completion"),
        (endless, "an answer of more than 32 MiB"),
        (
            lambda _handler, _path, body: (200, reply("x", body, "other")),
            "answered as 'other', and as 'm' in the beginning; keep one model there",
        ),
        (
            lambda _handler, _path, body: (200, reply("x", body, logprobs={"content": [{}]})),
            "an answer that is no chat completion",
        ),
    ],
)
def test_a_server_that_fails_later(server: Server, tmp_path: Path, act: Act, told: str) -> None:
    runtime = opened(server, tmp_path)
    server.act = after_finding_out(act)
    with pytest.raises(RuntimeFailed) as caught:
        runtime.generate(PROMPTS[:1], LIMITS)
    assert told in str(caught.value)
    assert KEY not in str(caught.value)


def test_what_was_answered_before_it_failed_is_kept(server: Server, tmp_path: Path) -> None:
    runtime = replaced = opened(server, tmp_path)
    server.act = after_finding_out(without_logprobs(server))
    with pytest.raises(RuntimeFailed, match="an answer without log-probabilities, which others"):
        replaced.generate(PROMPTS, LIMITS)
    before = len(server.questions)
    server.act = lambda _handler, _path, _body: (0, None)
    found = opened(server, tmp_path).generate(PROMPTS, LIMITS).responses
    assert [response.text for response in found] == [prompt.upper() for prompt in PROMPTS]
    # None is asked twice that was answered.
    assert len(server.questions) - before < len(PROMPTS)
    assert runtime.generate(PROMPTS[:1], Limits(2)).responses[0].text == "SAY NUMBER"


def test_the_deadline_is_heeded(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    found = runtime.generate(PROMPTS, Limits(8, deadline_s=0.0)).responses
    assert {response.finish for response in found} == {"deadline"}
    assert server.questions == []


def test_a_prompt_that_does_not_fit(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    said = {"error": {"message": "This model's maximum context length is 4096 tokens."}}

    def act(_handler: Handler, _path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        return (400, said) if body["max_tokens"] > 30 else (0, None)

    server.act = after_finding_out(act)
    # Where only the room for the answer is too large, there is less of it.
    assert runtime.generate(PROMPTS[:1], Limits(100)).responses[0].finish == "end"
    server.act = after_finding_out(always(400, said))
    with pytest.raises(PromptTooLong):
        runtime.generate(PROMPTS[:1], Limits(100))


def test_what_a_server_does_not_take_is_left_out(server: Server, tmp_path: Path) -> None:
    def act(_handler: Handler, _path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        if "logprobs" in body or "max_tokens" in body:
            wanted = "use max_completion_tokens" if "max_tokens" in body else "no logprobs"
            return 400, {"error": {"message": wanted}}
        return 0, None

    server.act = act
    runtime = opened(server, tmp_path)
    assert runtime.capabilities == {"generate"}
    assert "no log-probabilities, likelihoods of given answers" in runtime.describe().served
    (response,) = runtime.generate(PROMPTS[:1], LIMITS).responses
    assert (response.text, response.logprobs, len(response.tokens)) == ("SAY NUMBER 0", (), 3)
    assert server.asked[-1][1]["max_completion_tokens"] == 8


def test_thinking_has_its_own_room(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)

    def act(_handler: Handler, _path: str, body: dict[str, Any]) -> tuple[int, Any] | None:
        thought = "hm " * 20
        said = reply(f"<think> {thought} </think> yes", body)
        return 200, said

    server.act = after_finding_out(act)
    (response,) = runtime.generate(PROMPTS[:1], LIMITS).responses
    assert response.text.endswith("yes")
    assert response.finish == "end"
    assert 20 <= response.thought <= 22


def test_thoughts_that_are_told_apart_are_thoughts(server: Server, tmp_path: Path) -> None:
    runtime = opened(server, tmp_path)
    message = {"role": "assistant", "content": "yes", "reasoning_content": "Is it?"}
    server.act = after_finding_out(
        lambda _handler, _path, body: (200, reply("yes", body, message=message))
    )
    (response,) = runtime.generate(PROMPTS[:1], LIMITS).responses
    assert response.text == "<think>Is it?</think>yes"


@pytest.mark.parametrize(
    ("chat", "option"),
    [
        (Chat(template="none"), "--quant-chat-template (quant_chat_template)"),
        (Chat(thinking="off"), "--quant-thinking (quant_thinking)"),
        (Chat(options=(("tone", '"dry"'),)), "--quant-template-options (quant_template_options)"),
    ],
)
def test_what_is_not_heeded_is_refused(server: Server, chat: Chat, option: str) -> None:
    description = Description(server.url)
    found = find_out(description, client())
    with pytest.raises(QuantUsageError, match="leave the option out") as caught:
        check_form(description, found, chat, client())
    assert str(caught.value).startswith(f"{option}: {server.url}: ")


def test_kept_answers_are_those_of_a_run_that_did_not_end(server: Server, tmp_path: Path) -> None:
    found = find_out(Description(server.url), client())
    first, resumed = join_run(tmp_path, found)
    assert not resumed
    assert join_run(tmp_path, found) == (first, True)
    # Another model writes something else.
    other = replace(found, witness=[("something else", ())])
    second, resumed = join_run(tmp_path, other)
    assert (second != first, resumed) == (True, False)
    end_run(tmp_path, first)
    assert join_run(tmp_path, other) == (second, True)
    end_run(tmp_path, second)
    third, resumed = join_run(tmp_path, other)
    assert (third not in (first, second), resumed) == (True, False)


def test_one_of_yesterday_is_not_taken_up(server: Server, tmp_path: Path) -> None:
    found = find_out(Description(server.url), client())
    first, _ = join_run(tmp_path, found)
    path = tmp_path / "run.json"
    run = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(run | {"began": run["began"] - 90_000}), "utf-8")
    assert join_run(tmp_path, found)[0] != first


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({"url": "localhost"}, "url: found 'localhost', expected the base URL"),
        ({"url": f"http://u:{KEY}@h/v1"}, "a key belongs in the variable OPENAI_API_KEY"),
        ({"url": "http://h/v1", "key": KEY}, "'key': found an unknown entry"),
        ({"url": "http://h/v1", "key_variable": KEY}, "expected the name of the environment var"),
        ({"url": "http://h/v1", "timeout_s": 0}, "timeout_s: found 0, expected seconds above 0"),
        ({"url": "http://h/v1", "model": 5}, "model: found 5, expected a text"),
        ({}, "url: found '', expected the base URL"),
    ],
)
def test_mistakes_in_a_description(tmp_path: Path, entries: Any, told: str) -> None:
    path = tmp_path / "q4.json"
    path.write_text(json.dumps({"runtime": "endpoint", **entries}), "utf-8")
    with pytest.raises(QuantUsageError) as caught:
        read_description(path)
    assert told in str(caught.value)
    assert str(path) in str(caught.value)
    assert KEY not in str(caught.value)
