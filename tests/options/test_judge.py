"""``--quant-judge`` and its like: a model that compares free text, and decides no verdict."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from tests.judge.server import Server, serving
from tests.sessions import CAPITAL, Project, Run

from pytest_quant.base.library import BASELINES, PROBES

KEY = "sk-secret-0123"
# A level that joins some of these words wrongly, and is judged at the reference to know them.
COMPOSED = ("--quant-levels=q2", "--quant-cases=24", "-k", "words_joined")


@pytest.fixture
def server() -> Generator[Server]:
    """A judge with a taste for what comes late in the alphabet."""
    with serving(lambda a, b: "A" if a > b else "B") as judge:
        yield judge


def arguments(server: Server) -> tuple[str, ...]:
    return (*COMPOSED, f"--quant-judge={server.url}", "--quant-judge-model=a-judge")


def judgement(run: Run) -> dict[str, Any]:
    assert run.record is not None, run.output + run.errors
    found: dict[str, Any] = run.record["judgement"]
    return found


def pairs(run: Run) -> list[tuple[int, str, str]]:
    """Case, reference's and level's response."""
    (measurement,) = run.measurements.values()
    return [
        (case["index"], case["reference"]["response"], case["level"]["response"])
        for case in measurement["cases"]
    ]


def said(run: Run) -> str:
    return " ".join(line.strip() for line in run.section)


def test_a_level_s_free_text_is_compared_once(
    project: Project, server: Server, mode: tuple[str, ...]
) -> None:
    run = project.run(*arguments(server), *mode)
    differing = [(i, before, now) for i, before, now in pairs(run) if before != now]
    assert 0 < len(differing) < 24
    both_orders = [order for _, r, q in differing for order in ((r, q), (q, r))]
    assert [asked.responses for asked in server.asked] == both_orders
    assert {asked.body["temperature"] for asked in server.asked} == {0}

    found = judgement(run)
    assert (found["model"], found["endpoint"], found["problem"]) == ("a-judge", server.url, "")
    assert found["most_pairs"] == 64
    assert {"{task}", "{a}", "{b}"} <= {*found["prompt"].split()}
    assert [one["index"] for one in found["judged"]] == [i for i, _, _ in pairs(run)]
    (q2,) = found["preferences"]
    assert (q2["level"], q2["pairs"], q2["unreadable"]) == ("q2", 24, 0)
    assert q2["wins"] == sum(now > before for _, before, now in differing)
    assert q2["losses"] == sum(now < before for _, before, now in differing)
    assert q2["ties"] == q2["equal"] == 24 - len(differing)
    assert q2["agreement"]["value"] == 100
    assert f"judged by a-judge: {q2['wins']} better than f16, {q2['ties']} as good" in said(run)
    assert "orders agree in 100.0 %" in said(run)


def test_verdicts_stay_and_the_key_is_nowhere(project: Project, server: Server) -> None:
    plain = project.run(*COMPOSED)
    assert plain.record is not None
    assert plain.record["judgement"] is None
    reports = ("--quant-html=r.html", "--quant-markdown=r.md", "--alluredir=allure")
    run = project.run(*arguments(server), *reports, PYTEST_QUANT_JUDGE_KEY=KEY)
    assert run.record is not None
    assert run.record["checks"] == plain.record["checks"]
    assert (run.code, run.outcomes) == (plain.code, plain.outcomes)
    assert "judged by a-judge: " in (project.path / "r.html").read_text("utf-8")
    assert "by `a-judge`: `q2` " in (project.path / "r.md").read_text("utf-8")
    assert {asked.headers["authorization"] for asked in server.asked} == {f"Bearer {KEY}"}
    everything = [run.output, run.errors]
    everything += [path.read_text("utf-8") for path in project.path.rglob("*") if path.is_file()]
    assert len(everything) > 6
    assert not any(KEY in text for text in everything)


def test_settings_of_the_ini_file(project: Project, server: Server) -> None:
    project.ini(
        f"quant_judge = {server.url}",
        "quant_judge_model = a-judge",
        "quant_judge_pairs = 6",
        "quant_judge_timeout = 30",
    )
    run = project.run(*COMPOSED)
    (q2,) = judgement(run)["preferences"]
    first = [before != now for _, before, now in pairs(run)][:6]
    assert (q2["pairs"], q2["wins"] + q2["ties"] + q2["losses"]) == (24, 6)
    assert len(server.asked) == 2 * sum(first)
    assert "6 of 24 pairs" in said(run)


def test_a_judge_that_says_something_else(project: Project, server: Server) -> None:
    server.opinion = lambda a, b: f"{a} <b>or</b> {b}"
    run = project.run(*arguments(server))
    (q2,) = judgement(run)["preferences"]
    assert q2["unreadable"] == len(server.asked) / 2 > 0
    assert f", {q2['unreadable']} unreadable" in said(run)


def test_a_judge_that_is_not_there(project: Project) -> None:
    plain = project.run(*COMPOSED)
    run = project.run(*COMPOSED, "--quant-judge=http://127.0.0.1:1/v1", "--quant-judge-model=m")
    assert (run.code, run.outcomes) == (plain.code, plain.outcomes)
    assert judgement(run)["preferences"] == judgement(run)["judged"] == []
    why = "0 of 24 pairs judged, then http://127.0.0.1:1/v1 gave no answer: Connection refused"
    assert judgement(run)["problem"] == why
    assert f"judge m: {why}" in said(run)


def test_no_free_text(project: Project, server: Server) -> None:
    run = project.run(*arguments(server)[:2], "-k", CAPITAL, *arguments(server)[4:])
    assert "judge a-judge: nothing was judged: no free text" in said(run)
    assert server.asked == []


def test_a_reference_that_is_only_recorded(project: Project, server: Server, q8_file: Path) -> None:
    q8 = ("--quant-levels=q8", f"--quant-artifact=q8={q8_file}", f"--quant-baselines={BASELINES}")
    run = project.run(*arguments(server)[1:], *q8)
    assert "judge a-judge: nothing was judged: of a reference that is not at hand" in said(run)
    assert server.asked == []


def test_a_session_that_is_stopped(project: Project, server: Server) -> None:
    project.write("test_last.py", "def test_last(quant):\n    assert False\n")
    run = project.run(
        *arguments(server)[:2],
        *arguments(server)[4:],
        "-x",
        f"{PROBES / 'language_generation.yaml'}::capital_letters[q2]",
        "test_last.py",
    )
    assert run.outcomes["failed"] == 1
    assert "judge a-judge: nothing was judged: the session was stopped" in said(run)
    assert server.asked == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--quant-judge=localhost:8000",), "--quant-judge: found 'localhost:8000', expected the "),
        (
            ("--quant-judge=http://u:p@h/v1",),
            "a key belongs in the variable PYTEST_QUANT_JUDGE_KEY",
        ),
        (("--quant-judge=http://h/v1",), "--quant-judge: http://h/v1: no model is named; add the "),
        (("--quant-judge-model=m",), "--quant-judge-model: no judge to ask; add its endpoint"),
        (("--quant-judge-model= ",), "--quant-judge-model: found ' ', expected a name"),
        (("--quant-judge-pairs=0",), "--quant-judge-pairs: found '0', expected a whole number"),
        (("--quant-judge-timeout=inf",), "found 'inf', expected seconds above 0"),
    ],
)
def test_refuses_before_anything_runs(
    project: Project, given: tuple[str, ...], message: str
) -> None:
    run = project.run(*COMPOSED, *given)
    assert message in run.mistake()
    assert "u:p" not in run.mistake()
    assert "test session starts" not in run.output


def test_refuses_a_key_that_is_none_without_showing_it(project: Project, server: Server) -> None:
    run = project.run(*arguments(server), PYTEST_QUANT_JUDGE_KEY=f"{KEY} two")
    assert "PYTEST_QUANT_JUDGE_KEY: found a key with blanks" in run.mistake()
    assert KEY not in run.output + run.errors


def test_refuses_what_the_ini_file_says_by_its_name(project: Project) -> None:
    project.ini("quant_judge = nowhere", "quant_judge_model = m")
    assert project.run(*COMPOSED).mistake().startswith("ERROR: quant_judge in pytest.ini: found ")
