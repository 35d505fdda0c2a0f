"""What the benchmark replays is what a session in turn does."""

from __future__ import annotations

from benchmarks.sequential import Replay, Session, comparison, families
from tests.sessions import Project

from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.record.run import read_record

PROBES = {"opposite": "world_knowledge", "animal_class": "world_knowledge"}
SELECTED = ("--quant-levels=q8,q2", "-k", " or ".join(PROBES))


def test_a_replay_asks_and_finds_what_a_session_does(project: Project) -> None:
    """The limit at q8 is nearer than that at q2, so that more is asked there."""
    project.ini("quant_tolerances = q8 world_knowledge 12")
    project.run(*SELECTED, "--quant-cases=64")
    fixed = read_record(project.path / "record.json")
    project.run(*SELECTED, "--quant-max-cases=64")
    in_turn = read_record(project.path / "record.json")
    asked = {m.nodeid: len(m.cases) for m in in_turn.measurements}
    assert len(set(asked.values())) > 1

    session = Session(fixed, PROBES, recorded=False)
    found = Replay(session).found
    assert {nodeid: len(m.cases) for nodeid, m in found.items()} == asked
    verdicts = session.verdicts([*found.values()], session.in_turn)
    assert verdicts == {(c.scope, c.level, c.name): c.result.verdict for c in in_turn.checks} | {
        ("level", name, ""): in_turn.level(name).verdict for name in session.levels
    }


def test_the_tables_hold_every_level_and_scope(project: Project) -> None:
    project.run(*SELECTED, "--quant-cases=16")
    lines = [*comparison(read_record(project.path / "record.json"), PROBES)]
    assert lines[0].startswith("2 probes of 1 categories, up to 16 cases each")
    for beginning in ("| f16 |", "| q8 |", "| q2 |", "| all |", "| pooled |", "| probe |"):
        assert sum(line.startswith(beginning) for line in lines) == 2


def test_takes_families_of_every_category() -> None:
    assert len(families(1)) == len(set(families(1).values())) == len(GUIDE_CATEGORIES)
    assert families(1).items() < families(3).items() < families(0).items()
