"""``--quant-model`` and ``--quant-artifact`` with files of a hub: pinned, fetched once."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from tests.session.hub_server import FIRST, stand_in
from tests.sessions import ONE_PROBE, Project

from pytest_quant.base.library import EMBEDDED_MODEL

needs_hub = pytest.mark.skipif(
    find_spec("huggingface_hub") is None, reason="huggingface_hub is in the extra 'hub'"
)


@pytest.mark.parametrize("option", ["--quant-model=", "--quant-artifact=q8="])
def test_a_text_that_names_no_file_is_refused(option: str, project: Project) -> None:
    message = project.run(*ONE_PROBE, f"{option}hf://owner/repo").mistake()
    assert message == (
        f"ERROR: {option.partition('=')[0]}: found 'hf://owner/repo', expected "
        "hf://OWNER/REPOSITORY/FILE or hf://OWNER/REPOSITORY/FILE@REVISION"
    )


@needs_hub
def test_the_record_names_the_commit(project: Project) -> None:
    """Two workers, one of which asks: a branch might move between two questions."""
    with stand_in() as server:
        server.put("me/toy", "f16/toy.gguf", EMBEDDED_MODEL.read_bytes())
        model = "hf://me/toy/f16/toy.gguf"
        run = project.run(
            *ONE_PROBE, f"--quant-model={model}", "-n2", fresh=True, HF_ENDPOINT=server.url
        )
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert [run.level(name)["source"] for name in ("f16", "q8")] == [f"{model}@{FIRST}"] * 2
    assert f"f16, q8: from {model}@{FIRST}" in run.told
    assert f"fetching {model}@{FIRST}, " in run.errors
    assert len(server.fetched) == 1, server.asked


@needs_hub
def test_what_is_not_there_is_told_in_words(project: Project) -> None:
    with stand_in() as server:
        message = project.run(
            *ONE_PROBE, "--quant-artifact=q8=hf://me/toy/q8.gguf", HF_ENDPOINT=server.url
        ).mistake()
    assert message.startswith("ERROR: --quant-artifact: hf://me/toy/q8.gguf: there is no hf://me/t")
