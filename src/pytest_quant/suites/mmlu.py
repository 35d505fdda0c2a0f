"""MMLU: questions of 57 subjects with four options each, split by domain."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import Any

from pytest_quant.probes.model import Probe
from pytest_quant.suites.fixed import fixed_probe
from pytest_quant.suites.rows import Row, read_rows

# Of its original files, one for each subject, which have no heading.
COLUMNS = ("question", "a", "b", "c", "d", "answer")
LETTERS = "ABCD"
PROMPT = (
    "{question}\nA. {a}\nB. {b}\nC. {c}\nD. {d}\n\nWhich one is right? Reply with its letter alone."
)
# As the authors of MMLU sort them (hendrycks/test, categories.py).
_DOMAINS = {
    "humanities": """
        formal_logic high_school_european_history high_school_us_history
        high_school_world_history international_law jurisprudence logical_fallacies moral_disputes
        moral_scenarios philosophy prehistory professional_law world_religions
    """,
    "stem": """
        abstract_algebra astronomy college_biology college_chemistry college_computer_science
        college_mathematics college_physics computer_security conceptual_physics
        electrical_engineering elementary_mathematics high_school_biology high_school_chemistry
        high_school_computer_science high_school_mathematics high_school_physics
        high_school_statistics machine_learning
    """,
    "social sciences": """
        econometrics high_school_geography high_school_government_and_politics
        high_school_macroeconomics high_school_microeconomics high_school_psychology
        human_sexuality professional_psychology public_relations security_studies sociology
        us_foreign_policy
    """,
    "other": """
        anatomy business_ethics clinical_knowledge college_medicine global_facts human_aging
        management marketing medical_genetics miscellaneous nutrition professional_accounting
        professional_medicine virology
    """,
}
DOMAIN_OF = {
    subject: domain for domain, subjects in _DOMAINS.items() for subject in subjects.split()
}
_DIFFICULTY = {"humanities": 3, "stem": 4, "social sciences": 3, "other": 3}


def read(path: Path, shown_as: str) -> tuple[Probe, ...]:
    """The probes of a file, as a source of probes."""
    return probes(read_rows(path, shown_as, COLUMNS))


def probes(rows: Iterator[Row]) -> tuple[Probe, ...]:
    """A probe for each domain that the file has questions for."""
    domains: dict[str, list[tuple[Row, dict[str, Any]]]] = {domain: [] for domain in _DOMAINS}
    for row in rows:
        domains[DOMAIN_OF[_subject(row)]].append((row, _values(row)))
    return tuple(
        fixed_probe(
            questions,
            id=f"mmlu_{domain.replace(' ', '_')}",
            category="world_knowledge",
            subcategory=domain,
            difficulty=_DIFFICULTY[domain],
            prompt=PROMPT,
            expect="{answer}",
            check="choice",
            check_options={"options": list(LETTERS)},
            by="likelihood",
            # The guide's table has no column for the rest: the whole stands for it.
            task="mmlu" if domain == "other" else f"mmlu:{domain}",
        )
        for domain, questions in domains.items()
        if questions
    )


def _subject(row: Row) -> str:
    """The subject of a question, from its row or else from the name of its file."""
    if "subject" in row.values:
        subject = re.sub(r"[\s-]+", "_", row.text("subject").strip().lower())
        if subject not in DOMAIN_OF:
            near = difflib.get_close_matches(subject, DOMAIN_OF, n=1)
            hint = f", such as {near[0]}" if near else ""
            raise row.mistake("subject", row.values["subject"], f"a subject of MMLU{hint}")
        return subject
    stem = PurePath(row.path).name.partition(".")[0]
    subject = re.sub(r"_(?:test|val|dev)$", "", stem)
    if subject not in DOMAIN_OF:
        raise row.mistake(
            "subject", None, "a field of this name, or a file named after it: anatomy_test.csv"
        )
    return subject


def _values(row: Row) -> dict[str, str]:
    if "choices" in row.values:
        choices = row.value("choices")
        if not isinstance(choices, list) or len(choices) != len(LETTERS):
            raise row.mistake("choices", choices, "a list of four")
    else:
        choices = [row.value(letter.lower()) for letter in LETTERS]
    return {
        "question": row.text("question").strip(),
        **{
            letter.lower(): str(text).strip() for letter, text in zip(LETTERS, choices, strict=True)
        },
        "answer": _letter(row),
    }


def _letter(row: Row) -> str:
    """The right option: a letter, or a number from 0 to 3."""
    answer = str(row.value("answer")).strip().upper()
    if answer in ("0", "1", "2", "3"):
        return LETTERS[int(answer)]
    if answer in tuple(LETTERS):
        return answer
    raise row.mistake("answer", row.value("answer"), "A, B, C or D, or a number from 0 to 3")
