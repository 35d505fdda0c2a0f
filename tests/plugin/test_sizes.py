"""How much a session asks by itself, and what it says of what that decides. Without a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.sessions import MODES, Project, Run

from pytest_quant.probes.reader import read_probes
from pytest_quant.session.targets import first_cases

NAMES = ("First", "Second", "Unknown")


def probes(category: str, mark: str = "", most: int = 4000, **fields: int) -> str:
    """A file of three probes, the last of which the reference cannot do."""
    rows = [
        {
            "id": f"{mark}{name.lower()}",
            "subcategory": "colours",
            "difficulty": 1,
            "prompt": f"{name}: what colour{mark} has number {{n}}?",
            "parameters": {"n": {"integer": [1, most]}},
            "expect": "red",
            "check": {"kind": "text"},
            **fields,
        }
        for name in NAMES
    ]
    return json.dumps({"category": category, "probes": rows})


RED = {"patterns": {"Unknown.*": "I cannot tell."}, "default": "red"}


def losing(*patterns: str) -> dict[str, Any]:
    """A level that loses what these match."""
    return {**RED, "patterns": {**RED["patterns"], **dict.fromkeys(patterns, "blue")}}


def session(
    project: Project,
    *args: str,
    reference: Mapping[str, Any] = RED,
    probe_file: bool = True,
    **levels: Mapping[str, Any],
) -> Run:
    if probe_file:
        project.write("probes/colours.yaml", probes("numerical_reasoning"))
    given = []
    for level, entries in {"f16": reference, **levels}.items():
        script = {"runtime": "scripted", "model": "toy", "context": 100 + len(level), **entries}
        file = project.write(f"{level}.json", json.dumps(script))
        given.append(f"--quant-artifact={level}={file}")
    return project.run(f"--quant-levels={','.join(levels)}", *given, *args)


def asked(run: Run) -> dict[str, int]:
    return {f"{m['probe']}[{m['level']}]": len(m["cases"]) for m in run.measurements.values()}


def result(run: Run, level: str, subject: str = "numerical_reasoning") -> dict[str, Any]:
    assert run.record is not None, run.output + run.errors
    (found,) = (
        check["result"]
        for check in run.record["checks"]
        if (check["subject"], check["level"]) == (subject, level)
    )
    return dict(found)


def test_a_sound_level_is_asked_what_its_limit_takes(project: Project) -> None:
    run = session(project, q8=RED)
    # 103 cases at a limit of 5 points: 64 each, as if half of three probes told anything. In turn
    # 56 and 48 would be asked, so the same part of both is 64 and 55.
    assert asked(run) == {"first[q8]": 64, "second[q8]": 64, "unknown[q8]": 8}
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.told[0].startswith("q8: pass: within 5 points (the guide's limits) in 1 category;")
    assert "quantization: q8 of given artifacts, cases by category, alpha 0.05" in run.lines
    found = result(run, "q8")
    assert (found["verdict"], found["counts"]["n"], found["pass_alpha"]) == ("pass", 119, 0.05)
    assert result(run, "q8", "overall")["looks"] is None


def test_an_undecided_category_is_asked_on_and_says_what_it_would_take(project: Project) -> None:
    run = session(project, q8=losing(r".*number \d*75\?"))
    assert asked(run)["first[q8]"] >= asked(run)["second[q8]"] > 64
    assert sum(asked(run).values()) <= 2 * 112 + 8
    assert run.level("q8")["verdict"] == "inconclusive"
    assert run.told[0].startswith("q8: undecided: numerical_reasoning (about ")
    (advice,) = (line for line in run.told if line.startswith("q8 is undecided: "))
    assert advice.startswith("q8 is undecided: --quant-max-cases=")


def test_no_more_is_advised_than_the_probes_have(project: Project) -> None:
    """Two probes of 30 cases each cannot bring hundreds; one that has enough asks for both."""
    project.write("probes/colours.yaml", probes("numerical_reasoning", most=30))
    run = session(project, "--quant-cases=20", q8=losing(r".*number 7\?"), probe_file=False)
    assert run.record is not None
    assert set(run.record["supply"].values()) == {30}
    assert "cases; its probes have 20 more)" in run.told[0]
    assert "q8 is undecided: the probes of numerical_reasoning have too few cases:" in run.output
    assert "--quant-cases=" not in "".join(run.section)
    large = probes("numerical_reasoning", "large")
    project.write("probes/large.yaml", large)
    run = session(project, "--quant-cases=20", q8=losing(r".*number 7\?"), probe_file=False)
    assert "its probes have" not in run.told[0]
    (advice,) = (line for line in run.told if line.startswith("q8 is undecided: --quant-cases="))
    each = int(advice.partition("--quant-cases=")[2].partition(",")[0])
    (needed,) = (
        check["result"]["cases_needed"]
        for check in (run.record or {})["checks"]
        if check["scope"] == "category"
    )
    # The small ones bring ten each, and only the large ones go on.
    assert 2 * (each - 20) + 2 * 10 >= needed - 80 > 2 * (each - 21) + 2 * 10


def test_a_limit_of_one_s_own_for_all_probes_must_be_kept(project: Project) -> None:
    project.ini("quant_tolerances = q8 overall 1")
    run = session(project, q8=RED)
    assert result(run, "q8")["verdict"] == "pass"
    assert run.level("q8")["verdict"] == "inconclusive"
    assert "overall (about " in run.told[0]


def test_a_level_passes_only_if_every_category_does(project: Project) -> None:
    """One that loses a tenth is not outvoted by those that lose nothing."""
    for name in ("probabilistic", "iterative", "adversarial", "real_world"):
        project.write(f"probes/{name}.yaml", probes(name, name[0]))
    run = session(project, q8=losing(r".*colour has number \d*0\?"))
    verdicts = {
        check["subject"]: check["result"]["verdict"]
        for check in (run.record or {})["checks"]
        if check["scope"] == "category"
    }
    assert verdicts.pop("numerical_reasoning") != "pass"
    assert verdicts == dict.fromkeys(verdicts, "pass")
    assert len(verdicts) == 4
    assert run.level("q8")["verdict"] != "pass"
    assert not any("may ship" in line for line in run.lines)


def test_levels_are_judged_from_most_bits_to_fewest(project: Project) -> None:
    run = session(project, q4=RED, q8=RED)
    assert result(run, "q8")["pass_alpha"] == pytest.approx(0.04)
    assert result(run, "q4")["pass_alpha"] == pytest.approx(0.05)
    run = session(project, q4=RED, q8=losing(r".*\d*0\?"))
    assert result(run, "q4")["pass_alpha"] == pytest.approx(0.01)
    assert run.level("q4")["verdict"] == "pass"


@pytest.mark.parametrize("mode", ["-n0", "-n2"])
def test_a_margin_of_one_s_own(project: Project, mode: str) -> None:
    run = session(project, "--quant-margin=30", *MODES[mode], q8=losing(r".*number \d*0\?"))
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert run.told[0].startswith("q8: pass: within 30 points (your margin) in 1 category;")
    assert "cases by category, margin 30 points, alpha 0.05" in run.output
    assert {check["result"]["limit"] for check in (run.record or {})["checks"]} == {30}


def test_a_limit_of_nothing_can_never_be_kept(project: Project) -> None:
    run = session(project, "--quant-margin=0", q8=RED)
    told = "q8: undecided: numerical_reasoning (that nothing at all is lost cannot be shown)"
    assert run.told[0].startswith(told)
    advice = "q8 is undecided: a limit of 0 points can be shown to be exceeded, not to be kept:"
    assert any(line.startswith(advice) for line in run.told)


def test_a_level_by_another_of_its_names(project: Project) -> None:
    """What is said of Q8_0 holds for the q8 that is asked, limits and files alike."""
    project.write("probes/colours.yaml", probes("numerical_reasoning"))
    project.ini("quant_tolerances = Q8_0 numerical_reasoning 20")
    given = ["--quant-levels=q8"]
    for level, named in (("f16", "F16"), ("q8", "q8_0")):
        script = {"runtime": "scripted", "model": "toy", "context": 100 + len(level), **RED}
        file = project.write(f"{level}.json", json.dumps(script))
        given.append(f"--quant-artifact={named}={file}")
    run = project.run(*given)
    assert run.code == pytest.ExitCode.OK, run.output + run.errors
    assert result(run, "q8")["limit"] == 20
    twice = project.run(*given, f"--quant-artifact=q8={project.path / 'q8.json'}").mistake()
    assert "--quant-artifact: level 'q8' is given twice; keep one file" in twice


def test_a_margin_of_the_ini_file_beside_a_limit_of_one_category(project: Project) -> None:
    project.ini("quant_margin = 30", "quant_tolerances = q8 numerical_reasoning 20")
    run = session(project, q8=RED)
    assert result(run, "q8")["limit"] == 20
    assert result(run, "q8", "overall")["limit"] == 30
    assert "within 20 points (set by quant_tolerances)" in run.told[0]


@pytest.mark.parametrize("given", ["-1", "101", "much"])
def test_refuses_a_margin_that_is_none(project: Project, given: str) -> None:
    message = session(project, f"--quant-margin={given}", q8=RED).mistake()
    assert message.startswith(f"ERROR: --quant-margin: found {given!r}, expected ")


def test_what_a_probe_s_file_says_goes_before(project: Project) -> None:
    project.write("probes/few.yaml", probes("iterative", "few_", cases=12))
    run = session(project, "-k", "few", q8=RED)
    assert asked(run) == {"few_first[q8]": 12, "few_second[q8]": 12, "few_unknown[q8]": 4}
    assert run.level("q8")["verdict"] == "inconclusive"


def test_workers_make_no_difference(project: Project) -> None:
    damage = losing(r".*number \d*[37]0\?")
    alone, many = (
        session(project, *MODES[mode], q8=damage, q4=RED) for mode in ("no xdist", "-n2")
    )
    assert alone.measurements == many.measurements
    assert alone.section == many.section


def test_a_category_of_few_drawn_cases_that_is_lost_fails_or_is_open(project: Project) -> None:
    """A family that runs out of cases is asked all of them, and they count."""
    for name in ("iterative", "adversarial"):
        project.write(f"probes/{name}.yaml", probes(name, name[0]))
    project.write("probes/few.yaml", probes("real_world", "few", most=4))
    run = session(project, q8=losing(".*colourfew.*"))
    assert run.level("q8")["verdict"] != "pass"
    assert result(run, "q8", "real_world")["counts"]["b"] == 8
    assert "Traceback" not in run.output


@pytest.mark.parametrize("most", [5, 20])
def test_a_small_family_does_not_silence_the_large_ones_of_its_category(
    project: Project, most: int
) -> None:
    project.write("probes/few.yaml", probes("numerical_reasoning", "few", most=most))
    run = session(project, q8=RED)
    found = result(run, "q8")
    assert found["counts"]["n"] > 80
    assert found["verdict"] == "pass"


def test_the_controller_counts_as_the_workers_do(project: Project) -> None:
    """What it asks more at the end changes no check of a probe."""
    for name in ("iterative", "adversarial"):
        project.write(f"probes/{name}.yaml", probes(name, name[0]))
    damage = losing(r".*number \d*75\?")
    alone, many = (session(project, *MODES[mode], q8=damage) for mode in ("-n0", "-n2"))
    assert max(asked(alone).values()) > 64
    assert alone.measurements == many.measurements
    assert alone.section == many.section
    assert alone.code == many.code


def test_a_single_case_counts(project: Project) -> None:
    run = session(project, "--quant-cases=1", q8=losing("First.*"))
    assert result(run, "q8")["counts"]["b"] == 1
    assert "Traceback" not in run.output


def test_a_required_baseline_has_all_of_its_cases_asked(project: Project) -> None:
    recorded = session(project, "--quant-cases=200", "--quant-update-baselines", q8=RED)
    assert recorded.code == pytest.ExitCode.OK, recorded.output + recorded.errors
    run = session(project, "--quant-require-baseline", q8=RED)
    assert "400 of 400 recorded cases compared" in run.told[0]
    assert "80 of" not in run.told[0]


def test_what_a_reference_cannot_do_is_asked_once(project: Project) -> None:
    """The record tells it of this very file, and of the cases that were asked."""

    def unknown(run: Run) -> tuple[str, set[str]]:
        found = next(m for m in run.measurements.values() if m["probe"] == "unknown")
        return found["uninformative"], {case["reference"]["finish"] for case in found["cases"]}

    first = session(project, "--quant-update-baselines", q8=RED)
    reason, finish = unknown(first)
    assert reason.startswith("the reference answers 0 of 8 cases correctly"), reason
    assert finish == {"end"}
    again = session(project, "--quant-require-baseline", q8=RED)
    assert again.code == pytest.ExitCode.OK, again.output
    assert unknown(again) == (f"{reason} (as recorded)", {"recorded"})
    # A file that differs may know more, and a probe that asks something else may be known.
    assert unknown(session(project, q8=RED, f16={**RED, "default": "Red."}))[1] == {"end"}
    project.write("p/new.yaml", probes("numerical_reasoning", most=9000))
    assert unknown(session(project, "p/new.yaml", q8=RED))[1] == {"end"}


def test_what_the_right_answers_show_damaged_is_asked_more_first(project: Project) -> None:
    """It is the order that they decide, and neither how many are asked nor what is found."""
    damage = losing(r".*colour has number \d*75\?")
    file = project.write("probes/iterative.yaml", probes("iterative", "i"))
    first = [first_cases(probe)[0].prompt for probe in read_probes(file, "")[:2]]
    levels = {"q8": {**damage, "answers": dict.fromkeys(first, "blue")}}
    margin = "--quant-margin=5"
    plain = session(project, margin, **levels)
    likely = {"logprobs": {"said": -0.1, "other": -5.0}}
    steered = session(project, margin, reference=RED | likely, q8=levels["q8"] | likely)
    names = ["numerical_reasoning", "iterative"]
    assert [line for line in plain.lines if "asking more" in line] == [
        f"quantization: asking more for {name}[q8]" for name in names
    ]
    assert [line for line in steered.lines if "asking more" in line] == [
        f"quantization: asking more for {name}[q8]" for name in names[::-1]
    ]
    assert asked(plain) == asked(steered)
    assert (plain.record or {})["checks"] == (steered.record or {})["checks"]
