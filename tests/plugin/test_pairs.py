"""A probe with clean prompts in a session: both are asked, and the summary tells what broke."""

from __future__ import annotations

import re

from tests.sessions import Project

# The embedded model knows the prompt; whether it knows the clean one does not matter.
PAIRS = """
    category: adversarial
    probes:
      - id: word_of_others
        subcategory: wording
        difficulty: 1
        cases: 8
        prompt: "Write the word {word} 3 times, separated by commas, and nothing else."
        clean: "{word}, {word}, {word}: write that."
        parameters:
          word: {choice: [bado, fiku, lome, napi, rosu, tavi, kudo, mena]}
        pinned: [{word: bado}, {word: fiku}, {word: lome}, {word: napi}, {word: rosu},
                 {word: tavi}, {word: kudo}, {word: mena}]
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
    (line,) = (line for line in run.section if line.startswith("robustness"))
    assert re.findall(r"\d+", line.replace("f16", "")) == [str(broken[0]), "8", str(broken[1])]
