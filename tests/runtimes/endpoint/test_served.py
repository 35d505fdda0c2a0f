"""llama.cpp's own server beside llama.cpp in this process: the same model, the same answers."""

from __future__ import annotations

import json
import shlex
from collections.abc import Generator
from pathlib import Path

import pytest
from tests.runtimes.endpoint.local import serving
from tests.sessions import Project

from pytest_quant.base.client import Client
from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.runtimes.chat import OWN_FORM, Chat
from pytest_quant.runtimes.endpoint.description import Description
from pytest_quant.runtimes.endpoint.resumption import Unfinished
from pytest_quant.runtimes.endpoint.runtime import EndpointRuntime
from pytest_quant.runtimes.endpoint.server import find_out
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.protocol import Limits, Response

pytest.importorskip("xllamacpp", reason="llama.cpp's server: pip install pytest-quant[test]")

PROMPTS = [
    "What is the capital of Sweden?",
    "What is 17 + 25?",
    "Which is larger, 7 or 12?",
    "Repeat the word 'lamp'.",
    "What is the opposite of hot?",
    "What is double 14?",
    "Is a sparrow a bird or a fish?",
    "What comes after Monday?",
]
REPOSITORY = Path(__file__).parents[3]
# A token whose probability differs by no more was as likely in another batch.
NEAR = 0.05


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with serving() as found:
        yield found


def both(url: str, folder: Path, chat: Chat) -> list[tuple[Response, Response]]:
    """What the model writes in this process and behind the server."""
    here = LlamaCppRuntime.open(EMBEDDED_MODEL, threads=1, chat=chat)
    client = Client(connections=4)
    server = find_out(Description(url), client)
    there = EndpointRuntime(
        Description(url), server, client, Unfinished(folder, ""), chat=chat, parallel=4
    )
    try:
        limits = Limits(24)
        mine, theirs = here.generate(PROMPTS, limits), there.generate(PROMPTS, limits)
    finally:
        here.close()
        there.close()
    return [*zip(mine.responses, theirs.responses, strict=True)]


@pytest.mark.parametrize("chat", [OWN_FORM, Chat(template="none")], ids=["chat", "completions"])
def test_the_same_answers_as_in_process(url: str, tmp_path: Path, chat: Chat) -> None:
    pairs = both(url, tmp_path, chat)
    same = 0
    for mine, theirs in pairs:
        shared = 0
        # The server tells the token that ends an answer, too.
        while (
            shared < min(len(mine.tokens), len(theirs.tokens))
            and mine.tokens[shared] == theirs.tokens[shared]
        ):
            assert abs(mine.logprobs[shared] - theirs.logprobs[shared]) < NEAR
            shared += 1
        same += mine.text == theirs.text
        if mine.text != theirs.text:
            # Where they part, both tokens were as likely: another batch rounds otherwise.
            assert abs(mine.logprobs[shared] - theirs.logprobs[shared]) < NEAR
            assert mine.logprobs[shared] < -0.5
    assert same >= len(pairs) - 1


def test_a_level_behind_a_server(url: str, project: Project) -> None:
    """Against the reference in this process; then the other way round, from an ini file."""
    arguments = (
        *("--quant-levels=q8", f"--quant-model={EMBEDDED_MODEL}", "--quant-cases=8"),
        *("-k", "opposite[ or capital["),
    )
    run = project.run(*arguments, f"--quant-endpoint=q8={url}#embedded", "-rs")
    assert f"quantization: q8: {url}: llama.cpp " in run.output
    assert run.outcomes.get("failed", 0) == 0, run.output
    served = run.level("q8")["runtime"]
    assert served["name"] == "endpoint"
    assert served["served"].startswith(f"{url}: llama.cpp ")
    assert round(run.level("q8")["bits_per_weight"]) == 16
    for measured in run.measurements.values():
        differing = [
            case
            for case in measured["cases"]
            if case["level"] and case["level"]["response"] != case["reference"]["response"]
        ]
        assert len(differing) <= 1, differing
    # A run that ended in order keeps nothing of a server.
    assert not [*(project.cache / "endpoints").glob("*/run.json")]
    project.ini(f"quant_endpoint = f16={url}")
    back = project.run(*arguments)
    assert back.level("f16")["runtime"]["name"] == "endpoint"
    assert back.level("q8")["runtime"]["name"] == "llama.cpp"
    # A server is not compared with itself.
    same = project.run(*arguments, f"--quant-endpoint=q8={url}", f"--quant-endpoint=f16={url}")
    assert "f16 and q8 are the same server and model" in same.mistake()


def test_the_commands_of_the_docs(url: str, project: Project) -> None:
    """With the servers that there are here in place of the reader's."""
    text = (REPOSITORY / "docs" / "howto" / "endpoints.md").read_text("utf-8")
    commands = [line for line in text.splitlines() if line.startswith("pytest --quant")]
    assert len(commands) == 4
    short = ("--quant-cases=2", "-k", "opposite[")
    with serving(kv="q8_0") as other:
        for command in commands:
            for theirs, ours in (
                ("http://localhost:8000/v1", url),
                ("http://localhost:8001/v1", other),
                ("https://provider.example/v1#my/model", f"{other}#embedded"),
                ("model-f16.gguf", str(EMBEDDED_MODEL)),
            ):
                command = command.replace(theirs, ours)
            run = project.run(*shlex.split(command)[1:], *short, OPENAI_API_KEY="sk-0123")
            assert run.outcomes.get("failed", 0) == 0, run.output
            assert run.record is not None, run.output
            assert "sk-0123" not in json.dumps(run.record) + run.output
    kept = [path.read_text("utf-8", "replace") for path in project.cache.rglob("*.json")]
    assert not any("sk-0123" in text for text in kept)


def test_other_keys_and_values_are_another_model(tmp_path: Path) -> None:
    """The answers of a server whose keys and values have 8 bits, as likely as they are."""
    with serving(kv="q8_0") as quantized:
        pairs = both(quantized, tmp_path, OWN_FORM)
    shifts = [
        abs(mine.logprobs[0] - theirs.logprobs[0])
        for mine, theirs in pairs
        if mine.tokens[:1] == theirs.tokens[:1]
    ]
    assert shifts
    assert max(shifts) > 1e-4
