"""``--quant-gpu-layers`` and its like: on what models are computed, and what was made of it."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, ONE_PROBE, WITHOUT_DIVERGENCE, Project

from pytest_quant.runtimes.llamacpp.library import OFFLOADS


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("--quant-gpu-layers=some", "found 'some', expected a whole number from 0 to 1,000,000"),
        ("--quant-gpu-layers=-1", "found '-1', expected a whole number from 0 to 1,000,000"),
        ("--quant-main-gpu=first", "found 'first', expected a whole number from 0 to 127"),
        ("--quant-tensor-split=3;1", "found '3;1', expected the share of each device, as 3,1"),
        ("--quant-tensor-split=0,0", "found '0,0', expected the share of each device, as 3,1"),
        ("--quant-flash-attn=yes", "found 'yes', expected auto, on or off"),
        ("--quant-context=0", "found '0', expected a whole number of at least 1"),
    ],
)
def test_a_text_that_says_nothing_is_refused(given: str, problem: str, project: Project) -> None:
    option = given.partition("=")[0]
    assert project.run(*ONE_PROBE, given).mistake() == f"ERROR: {option}: {problem}"


@pytest.mark.skipif(OFFLOADS, reason="this llama.cpp is built for an accelerator")
def test_an_accelerator_that_is_not_there_is_refused(project: Project) -> None:
    project.ini("quant_gpu_layers = all")
    message = project.run(*ONE_PROBE).mistake()
    assert message.startswith("ERROR: --quant-gpu-layers (quant_gpu_layers): found all; ")
    assert "this llama.cpp was built for the processor alone" in message


def test_more_context_than_the_model_has_is_refused(project: Project) -> None:
    message = project.run(*ONE_PROBE, "--quant-context=2049").mistake()
    assert message.startswith("ERROR: --quant-context (quant_context): found 2,049; ")


def test_values_that_need_flash_attention_are_refused_without_it(project: Project) -> None:
    project.ini("quant_flash_attn = off")
    levels = "--quant-levels=q8+kv:f16/q8_0"
    message = project.run(levels, "--quant-cases=2", "-k", CAPITAL).mistake()
    assert message.startswith("ERROR: level q8+kv:f16/q8_0: ")
    assert "quantized V cache requires flash_attn to be enabled" in message


def test_a_cache_of_another_type_is_a_level_like_any_other(project: Project) -> None:
    """Its own baseline beside that of the level with which it shares the file."""
    project.ini(
        "quant_context = 1024",
        "quant_flash_attn = on",
        "quant_gpu_layers = 0",
        "quant_recipes = cached: q8_0 kv=q4_0",
    )
    levels = "q8,q8+kv:q8_0/q4_0,cached,f16+kv:q4_0"
    asked = (f"--quant-levels={levels}", "--quant-cases=8", WITHOUT_DIVERGENCE, "-k", CAPITAL)
    run = project.run(*asked, "--quant-update-baselines=force", "--strict-markers")
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert ", GPU layers 0, flash attention on, context 1024" in run.output
    plain, kept, cached, reference = (run.level(name) for name in levels.split(","))
    assert plain["digest"] == kept["digest"] == cached["digest"] != reference["digest"]
    assert kept["recipe"] == "Q8_0 kv=Q8_0/Q4_0"
    told = {name: run.level(name)["runtime"] for name in ("f16", *levels.split(","))}
    assert {name: runtime["kv"] for name, runtime in told.items()} == {
        "f16": "f16/f16",
        "q8": "f16/f16",
        "q8+kv:q8_0/q4_0": "q8_0/q4_0",
        "cached": "q4_0/q4_0",
        "f16+kv:q4_0": "q4_0/q4_0",
    }
    for runtime in told.values():
        assert (runtime["devices"], runtime["flash_attention"]) == ("6 layers on CPU", "enabled")
        assert runtime["context"] == 1024
    usual = "computed with 6 layers on CPU, flash attention enabled, keys and values in"
    assert f"{usual} f16" in run.section
    assert f"q8+kv:q8_0/q4_0: {usual} q8_0 and q4_0" in run.told
    (folder,) = (project.path / "baselines").iterdir()
    assert {path.stem for path in folder.glob("*.json")} == {
        "q8", "q8+kv-q8_0-q4_0", "cached", "f16+kv-q4_0"
    }  # fmt: skip
    again = project.run(*asked, "-m", "q8+kv-q8_0/q4_0 or cached", "--strict-markers")
    assert again.code == pytest.ExitCode.OK, again.output + again.errors
    uses = {use["level"]: use for use in (again.record or {})["baselines"]}
    assert uses["q8+kv:q8_0/q4_0"]["coverage"]["compared"] == 8
    assert uses["q8+kv:q8_0/q4_0"]["changes"]["runtime"] == []
    assert "f16+kv:q4_0" not in (again.record or {})["unused_baselines"]


def test_the_reference_itself_with_its_own_cache_is_no_level(project: Project) -> None:
    message = project.run("--quant-levels=f16+kv:f16", "-k", CAPITAL).mistake()
    assert "is the same file as the reference f16" in message
    assert "and keys and values in F16, so every answer would be the same" in message
