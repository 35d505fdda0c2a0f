"""What a server can do and what it says of itself, found out by asking it before anything else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pytest_quant.base.client import Client, NoAnswer
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.endpoint.description import Description
from pytest_quant.runtimes.endpoint.replies import Reply, read_reply

Way = Literal["chat", "completions"]

# Software that heeds `chat_template_kwargs`; others leave out in silence what they do not know.
_HEEDS_OPTIONS = frozenset({"llama.cpp", "vllm", "sglang"})
_OWNERS = {"llamacpp": "llama.cpp", "vllm": "vllm", "sglang": "sglang", "library": "ollama"}
# As long as this may take for each question.
_PATIENCE_S = 60.0
_QUESTION = "Count from one to five in words."
_TOKENS = 16
_SHOWN_MODELS = 8
_PLACES: Mapping[Way, str] = {"chat": "chat/completions", "completions": "completions"}
_WORDS: Mapping[Way, str] = {"chat": "chat completions", "completions": "completions"}


@dataclass(frozen=True, slots=True)
class Server:
    """A server as it was when it was asked.

    ``ways`` are those in which it answers, each with the names of what else of a request it takes
    (``logprobs``, ``seed``, ...). ``told`` is what it says of its model, as text. ``answers_as`` is
    the model that its answers name, ``build`` what they say of the program. ``context`` are the
    tokens of one sequence, ``slots`` how many it works on at once, both 0 if unknown. ``witness``
    is what it wrote, by which another model in its place may be known: texts and logprobs.
    """

    software: str
    version: str
    model: str
    ways: Mapping[str, Sequence[str]]
    told: Mapping[str, str] = field(default_factory=dict)
    answers_as: str = ""
    build: str = ""
    context: int = 0
    slots: int = 0
    size: int = 0
    parameters: int = 0
    witness: Sequence[tuple[str, Sequence[float]]] = ()
    lacks: Sequence[str] = ()

    def data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Server:
        witness = [(text, tuple(logprobs)) for text, logprobs in data["witness"]]
        return cls(**{**data, "witness": witness})

    @property
    def bits_per_weight(self) -> float | None:
        return 8 * self.size / self.parameters if self.size and self.parameters else None

    @property
    def heeds_options(self) -> bool:
        return self.software in _HEEDS_OPTIONS and "chat" in self.ways

    def way(self, *, plainly: bool) -> Way:
        """Chat where there is one, unless the question is to be put plainly."""
        return "completions" if plainly or "chat" not in self.ways else "chat"

    def identity(self, place: str, version: str) -> str:
        """What tells this server and model from others, as far as it lets on."""
        told = [
            place,
            version,
            self.software,
            self.model,
            self.answers_as,
            sorted(self.told.items()),
        ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def is_like(self, other: Server) -> bool:
        """Whether both wrote the same: a model in the place of another seldom does."""
        if [text for text, _ in self.witness] != [text for text, _ in other.witness]:
            return False
        pairs = zip(self.witness, other.witness, strict=True)
        return all(
            len(mine) == len(theirs)
            and all(abs(a - b) < 0.05 for a, b in zip(mine, theirs, strict=True))
            for (_, mine), (_, theirs) in pairs
        )

    def describe(self, *, plainly: bool) -> str:
        """What it is and can do, and what it cannot, in one line."""
        way = self.way(plainly=plainly)
        takes = self.ways[way]
        name = " ".join(filter(None, (self.software or "a server", self.version)))
        # The numbers that a level's name stands for are the user's word.
        bits = self.bits_per_weight
        size = f", {bits:.2f} bits/weight by its own account" if bits else ""
        can = [_WORDS[way], *(["log-probabilities"] if "logprobs" in takes else [])]
        lacks = [] if "logprobs" in takes else ["log-probabilities"]
        lacks += ["likelihoods of given answers", "predictions on a text"]
        lacks += [] if "seed" in takes else ["seeds"]
        return f"{name} serves {self.model}{size}: {', '.join(can)}; no {', '.join(lacks)}"


def find_out(description: Description, client: Client) -> Server:
    """Raises ``QuantUsageError`` for a server that cannot be asked, with what to do about it."""
    try:
        listed = _models(description, client)
        entry = _entry(description, listed)
        model = description.model or str(entry.get("id", ""))
        software, version, props = _software(description, client, entry)
        ways: dict[str, Sequence[str]] = {}
        replies: list[Reply] = []
        refused: list[str] = []
        status = 0
        for way in _PLACES:
            try:
                takes, reply = _try(description, client, model, way, software)
            except NoAnswer as error:
                if error.status in (401, 403) or error.gone:
                    raise
                refused.append(f"{_WORDS[way]}: {error}")
                status = status or error.status
                continue
            ways[way] = takes
            replies.append(reply)
        if not ways:
            raise NoAnswer("; ".join(refused), status=status)
    except NoAnswer as error:
        raise _mistake(description, error) from None
    meta = entry.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    slot = props.get("default_generation_settings")
    context = entry.get("max_model_len") or (slot.get("n_ctx") if isinstance(slot, dict) else 0)
    return Server(
        software=software,
        version=version,
        model=model or replies[0].model,
        ways=ways,
        told=dict(_told(entry, meta, version)),
        answers_as=replies[0].model,
        build=replies[0].build,
        context=_number(context),
        slots=_number(props.get("total_slots")),
        size=_number(meta.get("size")),
        parameters=_number(meta.get("n_params")),
        witness=[(r.text, tuple(round(t.logprob, 3) for t in r.tokens)) for r in replies],
        lacks=refused,
    )


def body_of(
    way: Way, model: str, takes: Sequence[str], content: Any, max_tokens: int
) -> dict[str, Any]:
    """A request for the greedy answer, with all that a server was found to take."""
    body: dict[str, Any] = {
        "prompt" if way == "completions" else "messages": content,
        "temperature": 0,
        "max_completion_tokens" if "max_completion_tokens" in takes else "max_tokens": max_tokens,
        "stream": False,
    }
    if model:
        body["model"] = model
    if "seed" in takes:
        body["seed"] = 0
    if "logprobs" in takes:
        body |= {"logprobs": True, "top_logprobs": 1} if way == "chat" else {"logprobs": 1}
    if "cache_prompt" in takes:
        # What was computed in another batch is not taken up.
        body["cache_prompt"] = False
    return body


def ask(
    client: Client, url: str, way: Way, body: Mapping[str, Any], timeout_s: float, *, waits: bool
) -> Reply:
    """Raises ``NoAnswer``."""
    found = client.post(f"{url}/{_PLACES[way]}", body, timeout_s=timeout_s, waits=waits)
    return read_reply(found, chat=way == "chat", logprobs="logprobs" in body)


def _try(
    description: Description, client: Client, model: str, way: Way, software: str
) -> tuple[tuple[str, ...], Reply]:
    """What of a request a server takes, the most first, and its answer to one question."""
    own = ("cache_prompt",) if software == "llama.cpp" else ()
    content: Any = [{"role": "user", "content": _QUESTION}] if way == "chat" else _QUESTION
    tried = [("logprobs", "seed", *own), ("seed", *own), ("logprobs", *own), own]
    problem: NoAnswer | None = None
    for takes in tried:
        for also in ((), ("max_completion_tokens",)):
            body = body_of(way, model, (*takes, *also), content, _TOKENS)
            try:
                reply = ask(client, description.url, way, body, _PATIENCE_S, waits=False)
            except NoAnswer as error:
                problem = error
                # A name of the same limit that some servers want instead.
                if error.status == 400 and "max_completion_tokens" in error.said:
                    continue
                break
            return (*takes, *also), reply
        # Refused for what was asked along with it, or answered without.
        if problem is None or problem.status not in (200, 400, 422):
            break
    assert problem is not None
    raise problem


def _models(description: Description, client: Client) -> list[Mapping[str, Any]] | None:
    """The models that a server lists; ``None`` for one that lists none to anybody."""
    try:
        found = client.get(f"{description.url}/models", timeout_s=_PATIENCE_S, waits=False)
    except NoAnswer as error:
        if error.status in (404, 405, 501):
            return None
        raise
    listed = found.get("data") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        raise NoAnswer("a list of models that is none", status=200)
    return [one for one in listed if isinstance(one, dict) and isinstance(one.get("id"), str)]


def _entry(
    description: Description, listed: Sequence[Mapping[str, Any]] | None
) -> Mapping[str, Any]:
    """What is listed of the model; raises ``QuantUsageError`` if it is not there."""
    if listed is None:
        return {}
    wanted = description.model
    for one in listed:
        aliases = one.get("aliases")
        if wanted == one["id"] or (isinstance(aliases, list) and wanted in aliases):
            return one
    names = ", ".join(one["id"] for one in listed[:_SHOWN_MODELS])
    more = f" and {len(listed) - _SHOWN_MODELS} more" if len(listed) > _SHOWN_MODELS else ""
    if wanted:
        raise QuantUsageError(
            f"{description.url}: serves no model {wanted!r:.100}; it lists "
            f"{names or 'none'}{more}: --quant-endpoint LEVEL={description.url}#NAME"
        )
    if len(listed) == 1:
        return listed[0]
    raise QuantUsageError(
        f"{description.url}: serves {len(listed)} models ({names or 'none'}{more}); say which: "
        f"--quant-endpoint LEVEL={description.url}#NAME"
    )


def _software(
    description: Description, client: Client, entry: Mapping[str, Any]
) -> tuple[str, str, Mapping[str, Any]]:
    """The program behind a server, its version and what else it says, where it lets on."""
    software = _OWNERS.get(str(entry.get("owned_by", "")).lower(), "")
    root = description.url.removesuffix("/v1")
    place = {"llama.cpp": "props", "vllm": "version", "ollama": "api/version"}.get(software)
    if place is None:
        return software, "", {}
    try:
        found = client.get(f"{root}/{place}", timeout_s=_PATIENCE_S, waits=False)
    except NoAnswer:
        return software, "", {}
    found = found if isinstance(found, dict) else {}
    version = found.get("build_info" if software == "llama.cpp" else "version")
    return software, version[:100] if isinstance(version, str) else "", found


def _told(
    entry: Mapping[str, Any], meta: Mapping[str, Any], version: str
) -> Iterator[tuple[str, str]]:
    """What a server says of its model; when it was listed says nothing."""
    for name, value in {**entry, **meta}.items():
        if name in ("created", "permission", "status", "object") or not isinstance(name, str):
            continue
        if isinstance(value, str | int | float | bool):
            yield name[:60], str(value)[:200]
    if version:
        yield "version", version


def _number(value: Any) -> int:
    return value if type(value) is int and 0 < value < 1 << 62 else 0


def _mistake(description: Description, error: NoAnswer) -> QuantUsageError:
    """In the words of an option, for whoever has to do something about it."""
    if error.status in (401, 403):
        todo = f"it wants a key: set the environment variable {description.key_variable}"
    elif error.gone or not error.status:
        todo = "start the server, or correct the URL: --quant-endpoint LEVEL=URL (quant_endpoint)"
    else:
        todo = (
            "give the base URL of a server that speaks the OpenAI protocol, as "
            "http://localhost:8000/v1: --quant-endpoint LEVEL=URL#MODEL (quant_endpoint)"
        )
    return QuantUsageError(f"{description.place}: gave {error}\n{todo}")
