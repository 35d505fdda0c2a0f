"""A level's own noise: how far it is from itself, shown beside its divergence."""

from __future__ import annotations

from tests.sessions import CAPITAL, Project

SELECTED = ("--quant-levels=q8", "--quant-cases=8", "-k", CAPITAL)


def test_a_session_shows_how_much_of_a_divergence_is_noise(
    project: Project, mode: tuple[str, ...]
) -> None:
    run = project.run(*SELECTED, *mode, held_text=True)
    assert run.record is not None, run.output + run.errors
    of_text, of_responses, at_depth = run.record["divergences"]
    noise = of_text["noise"]
    # The test can fail: a noise of zero would show that nothing was varied.
    assert noise["batch"] == 16
    assert noise["kld"] > 0
    assert 0 < noise["share"] < 1
    assert 0.9 < noise["same_top"] < 1
    # A part of the text is enough.
    assert 1000 < noise["tokens"] < sum(chunk["tokens"] for chunk in of_text["chunks"]) / 2
    assert of_responses["noise"] == at_depth["noise"] == noise
    kernels = noise["share"] * of_text["statistics"]["Mean KLD"]["value"]
    shown = f"is the file and {kernels:.2g} this machine's kernels (in batches of 16)"
    assert shown in " ".join(run.told)


def test_a_record_says_which_kernels_ran_it(project: Project) -> None:
    run = project.run("--quant-levels=q8,q4", "--quant-cases=8", "-k", CAPITAL)
    assert run.record is not None, run.output + run.errors
    kernels = {level["name"]: level["runtime"]["kernels"] for level in run.record["levels"]}
    assert kernels["f16"] == "as stored"
    assert all(kernels.values())
