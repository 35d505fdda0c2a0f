"""The noise floor: how far the reference is from itself, shown beside the results."""

from __future__ import annotations

import pytest
from tests.sessions import CAPITAL, Project

SELECTED = ("--quant-levels=q8", "--quant-cases=8", "-k", CAPITAL)


def test_a_session_shows_what_a_difference_must_exceed(
    project: Project, mode: tuple[str, ...]
) -> None:
    run = project.run(*SELECTED, *mode, divergence=True)
    assert run.record is not None, run.output + run.errors
    noise = run.record["noise"]
    assert (noise["level"], noise["batch"], noise["answers"]) == ("f16", 16, 4)
    assert noise["tokens"] > 8
    shown = f"noise f16 in batches of 16 tokens: KL divergence {noise['kld']:.2g}, "
    assert f"{shown}{noise['changed']} of 4 answers differ" in " ".join(run.section)


def test_another_batch_size_is_not_the_same_run_but_near(project: Project) -> None:
    """The test can fail: a floor of zero would show that nothing was varied."""
    run = project.run(*SELECTED, divergence=True)
    assert run.record is not None
    (of_q8,) = (d for d in run.record["divergences"] if d["source"] == "responses")
    assert 0 < run.record["noise"]["kld"] < of_q8["statistics"]["Mean KLD"]["value"]


def test_where_the_reference_writes_nothing_there_is_no_noise_to_show(project: Project) -> None:
    project.write(
        "probes/choice.yaml",
        """
        category: world_knowledge
        probes:
          - id: larger
            subcategory: numbers
            difficulty: 1
            cases: 4
            prompt: "Which is larger, {n} or 900?"
            parameters:
              n: {integer: [1, 99]}
            expect: "900"
            check: {kind: choice, options: ["{n}", "900"], by: likelihood}
        """,
    )
    run = project.run("--quant-levels=q8", divergence=True)
    assert run.record is not None, run.output + run.errors
    assert run.record["noise"] is None
    assert not any(line.startswith("noise") for line in run.section)
    assert run.code in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
