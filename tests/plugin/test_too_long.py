"""A probe that does not fit into the model's context is skipped, and costs no generation."""

from __future__ import annotations

from tests.sessions import Project

REASON = "tokens, the model's context is 2048"
PROBES = f"""
    category: long_context
    probes:
      - id: too_long
        subcategory: retrieval
        difficulty: 3
        cases: 4
        prompt: "{"The cat sat. " * 1500}Which number is {{n}}?"
        parameters:
          n: {{integer: [1, 99]}}
        expect: n
        check: {{kind: numeric}}
      - id: short
        subcategory: instructions
        difficulty: 1
        cases: 8
        prompt: "Write the word {{word}} {{count}} times, separated by commas, and nothing else."
        generator: pytest_quant.probes.generators.stepwise.word_repeated
        expect: "{{terms}}"
        check: {{kind: sequence}}
        facets: {{length: "{{count}}"}}
"""


def test_it_is_skipped_with_its_reason(project: Project, mode: tuple[str, ...]) -> None:
    project.write("own.yaml", PROBES)
    run = project.run("own.yaml", "--quant-levels=q8", "-rs", *mode)
    assert run.code == 0, run.output
    assert run.outcomes["skipped"] == 1
    assert "uninformative" not in run.output
    assert any(line.startswith("SKIPPED") and REASON in line for line in run.lines), run.output
    said = " ".join(" ".join(run.section).split())
    assert "1 of 2 probes was skipped: too_long: needs more than " in said
    assert REASON in said
    assert "incomplete" not in said
    skipped = run.measurements["own.yaml::too_long[q8]"]
    assert REASON in skipped["skipped"]
    assert skipped["cases"] == []
    assert skipped["reference_effort"]["new_tokens"] == 0
    assert skipped["level_effort"] is None
    asked = run.measurements["own.yaml::short[q8]"]
    assert asked["skipped"] == ""
    assert all(case["facets"]["length"] in case["prompt"] for case in asked["cases"])
