"""A probe with clean prompts in a session: both are asked, and the summary tells what broke."""

from __future__ import annotations

import re

from tests.sessions import Project

# The embedded model knows the clean prompt, and is led astray by what stands before some.
PAIRS = """
    category: adversarial
    probes:
      - id: word_of_others
        subcategory: wording
        difficulty: 1
        cases: 8
        prompt: "{before}Write the word {word} 3 times, separated by commas, and nothing else."
        clean: "Write the word {word} 3 times, separated by commas, and nothing else."
        parameters:
          word: {choice: [bado, fiku, lome, napi, rosu, tavi, kudo, mena]}
          before: {choice: ["Please. ", "What is the capital of France? "]}
        pinned:
          - {word: bado, before: "Please. "}
          - {word: fiku, before: "Please. "}
          - {word: lome, before: "Please. "}
          - {word: napi, before: "Please. "}
          - {word: rosu, before: "Please. "}
          - {word: tavi, before: "Please. "}
          - {word: kudo, before: "What is the capital of France? "}
          - {word: mena, before: "What is the capital of France? "}
        expect: "{word}, {word}, {word}"
        check: {kind: sequence}
"""


def test_pairs_are_asked_recorded_and_counted(project: Project, mode: tuple[str, ...]) -> None:
    project.write("probes/pairs.yaml", PAIRS)
    run = project.run("--quant-levels=q8", *mode)
    (measurement,) = run.measurements.values()
    answers = [case[side] for case in measurement["cases"] for side in ("reference", "level")]
    assert len(answers) == 16
    verdicts = {"correct", "incorrect", "unparsable"}
    assert {answer["clean"] for answer in answers} <= verdicts
    broken = [
        sum(
            case[side]["clean"] == "correct" != case[side]["verdict"]
            for case in measurement["cases"]
        )
        for side in ("level", "reference")
    ]
    assert min(broken) > 0
    (line,) = (line for line in run.section if line.startswith("robustness"))
    assert re.findall(r"\d+", line.replace("f16", "")) == [str(broken[0]), "8", str(broken[1])]
