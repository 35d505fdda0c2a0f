"""The runtime that asks a server: greedily, several questions at once, each by itself."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_quant.base.client import Client, NoAnswer
from pytest_quant.base.conversation import content_of, messages_of, under_system, with_tools_told
from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.chat import PLAIN_STOP, Chat, plain_question
from pytest_quant.runtimes.endpoint.crew import Crew
from pytest_quant.runtimes.endpoint.description import Description
from pytest_quant.runtimes.endpoint.replies import Reply, response_of
from pytest_quant.runtimes.endpoint.resumption import Unfinished, key_of
from pytest_quant.runtimes.endpoint.server import Server, ask, body_of
from pytest_quant.runtimes.endpoint.switches import template_options
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Limits,
    PromptTooLong,
    Response,
    Runtime,
    RuntimeInfo,
)
from pytest_quant.thinking import read

NAME = "endpoint"
# Of how questions are put and replies are read; with a new one no answer of before is served.
FORMAT = 1
# As many requests at once as a server of unknown size is asked.
PARALLEL = 16
# Fewer tokens than these are no room for an answer.
_LEAST_ROOM = 16


class EndpointRuntime(Runtime):
    """Asks what ``description`` says; ``server`` is what was found out about it."""

    def __init__(
        self,
        description: Description,
        server: Server,
        client: Client,
        unfinished: Unfinished,
        *,
        chat: Chat,
        parallel: int,
    ) -> None:
        self._description = description
        self._server = server
        self._client = client
        self._unfinished = unfinished
        self._chat = chat
        self._parallel = parallel
        self._way = server.way(plainly=chat.template == "none")
        self._takes = server.ways[self._way]
        # It has gone away before: whether it is back is found out at once.
        self._gone = False
        # A model that was seen to think has room for it from the beginning.
        self._thinks = chat.thinking == "on"

    @property
    def capabilities(self) -> frozenset[Capability]:
        known = frozenset[Capability]({"generate"})
        return known | {"log-probabilities"} if "logprobs" in self._takes else known

    def describe(self) -> RuntimeInfo:
        server, plainly = self._server, self._way == "completions"
        return RuntimeInfo(
            name=NAME,
            version=" ".join(filter(None, (server.software, server.version))) or "unknown",
            build=server.build,
            hardware="unknown",
            threads=0,
            parallel=self._parallel,
            context=server.context,
            served=f"{self._description.url}: {server.describe(plainly=plainly)}",
        )

    def close(self) -> None:
        self._client.close()

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        (batch,) = self.generate_each([prompts], limits)
        return batch

    def generate_each(self, batches: Sequence[Sequence[str]], limits: Limits) -> list[Batch]:
        """All at once: what is worked on together is the server's business."""
        if limits.max_tokens < 1 or not all(limits.stop):
            raise ValueError(f"max_tokens must be positive and stop strings not empty: {limits}")
        started = time.monotonic()
        end = None if limits.deadline_s is None else started + limits.deadline_s
        prompts = [prompt for batch in batches for prompt in batch]
        found = self._answers(prompts, limits, end)
        seconds = time.monotonic() - started
        given = iter(found)
        return [
            Batch(
                tuple(next(given) for _ in batch),
                seconds * len(batch) / len(prompts) if prompts else 0.0,
            )
            for batch in batches
        ]

    def _answers(self, prompts: Sequence[str], limits: Limits, end: float | None) -> list[Response]:
        keys = [key_of([content_of(p), limits.max_tokens, list(limits.stop)]) for p in prompts]
        found = {i: kept for i, key in enumerate(keys) if (kept := self._unfinished.get(key))}
        missing = [i for i in range(len(prompts)) if i not in found]

        def asked(index: int) -> Response:
            return self._respond(index, prompts[index], limits, end)

        try:
            for place, response in Crew(self._parallel, asked).answers(missing):
                found[missing[place]] = response
        except BaseException as error:
            new = [i for i in missing if i in found and found[i].finish != "deadline"]
            self._unfinished.keep({keys[i]: found[i] for i in new})
            if isinstance(error, NoAnswer):
                self._gone = error.gone
                raise RuntimeFailed(f"{self._description.place}: gave {error}") from None
            raise
        self._gone = False
        return [found[i] for i in range(len(prompts))]

    def _respond(self, index: int, prompt: str, limits: Limits, end: float | None) -> Response:
        budget = self._chat.budget
        room = limits.max_tokens + (budget if self._thinks else 0)
        reply = self._ask(index, prompt, limits, room, end)
        if reply is not None and reply.cut and not self._thinks and _has_thought(reply):
            self._thinks = True
            reply = self._ask(index, prompt, limits, limits.max_tokens + budget, end)
        if reply is None:
            return Response("", (), (), "deadline", 0)
        return response_of(reply, limits.max_tokens, budget)

    def _ask(
        self, index: int, prompt: str, limits: Limits, room: int, end: float | None
    ) -> Reply | None:
        """``None`` if the deadline came before; raises ``PromptTooLong`` and ``NoAnswer``."""
        body = self._body(prompt, limits, room)
        url, timeout_s = self._description.url, self._description.timeout_s
        while True:
            left = timeout_s if end is None else end - time.monotonic()
            if left <= 0:
                return None
            try:
                reply = ask(
                    self._client,
                    *(url, self._way, body),
                    min(left, timeout_s),
                    waits=not self._gone,
                )
            except NoAnswer as error:
                if end is not None and time.monotonic() >= end:
                    return None
                if not _is_too_long(error):
                    raise
                room //= 2
                if room < _LEAST_ROOM:
                    context = self._server.context
                    raise PromptTooLong(index, context, context) from None
                body = self._body(prompt, limits, room)
                continue
            self._check(reply)
            return reply

    def _body(self, prompt: str, limits: Limits, room: int) -> dict[str, Any]:
        asked = under_system(prompt, self._chat.system)
        stop = list(limits.stop)
        content: Any
        if self._way == "chat":
            turns = messages_of(with_tools_told(asked))
            content = [{"role": m.role, "content": m.content} for m in turns]
        else:
            content, stop = plain_question(asked), [*stop, PLAIN_STOP]
        body = body_of(self._way, self._server.model, self._takes, content, room)
        options: Mapping[str, Any] = template_options(self._chat)
        if self._way == "chat" and options:
            body["chat_template_kwargs"] = dict(options)
        if stop:
            body["stop"] = stop
        return body

    def _check(self, reply: Reply) -> None:
        """Raises ``RuntimeFailed`` for the answer of another model than was there in the beginning:
        whatever is compared with it would be compared with two.
        """
        if reply.model != self._server.answers_as:
            raise RuntimeFailed(
                f"{self._description.place}: answered as {reply.model or 'no model'!r:.100}, and "
                f"as {self._server.answers_as or 'no model'!r:.100} in the beginning; keep one "
                "model there while it is measured"
            )


def _has_thought(reply: Reply) -> bool:
    return bool(reply.reasoned) or read(reply.text).text != reply.text or read(reply.text).cut


def _is_too_long(error: NoAnswer) -> bool:
    """Whether a prompt, or what may be answered to it, does not fit: each server has its words."""
    said = error.said.lower()
    words = ("context length", "context size", "context window", "maximum context", "too long")
    return error.status in (400, 413, 422) and any(word in said for word in words)
