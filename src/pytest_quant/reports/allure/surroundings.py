"""What stands beside Allure's results: what was run, who ran it, and how failures are grouped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allure_commons.model2 import Status

from pytest_quant.base.harmless import harmless
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import counted, shown
from pytest_quant.reports.standing import standing_lines

CATEGORIES = "categories.json"
ENVIRONMENT = "environment.properties"
EXECUTOR = "executor.json"
# The name under which Allure 3 looks for its settings.
ALLURE3 = "allurerc.json"
HISTORY = "allure-history.jsonl"
_WIDTH = 100
_TITLE = "Quantization of"


@dataclass(frozen=True, slots=True)
class Category:
    """Results of one status whose whole message matches a regular expression."""

    name: str
    status: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "matchedStatuses": [self.status],
            "messageRegex": self.message,
        }


# "." does not match a line's end in both generations, "[\s\S]" does.
_ANYTHING = r"[\s\S]*"
GROUPS = (
    Category("Lost more than the limit", Status.FAILED, rf"^drop {_ANYTHING}beyond it{_ANYTHING}"),
    Category(
        "Wrong where the reference is right",
        Status.FAILED,
        rf"{_ANYTHING}is wrong where{_ANYTHING}",
    ),
    Category("Could not be run", Status.BROKEN, _ANYTHING),
    Category("Undecided: the sample cannot tell", Status.UNKNOWN, rf"^inconclusive: {_ANYTHING}"),
    Category(
        "Uninformative: the reference cannot do it", Status.SKIPPED, rf"^uninformative: {_ANYTHING}"
    ),
    Category("Longer than the model's context", Status.SKIPPED, rf"^needs more than {_ANYTHING}"),
)


def surroundings(record: RunRecord, directory: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Texts by file name. What others put into these files of ``directory`` is kept."""
    groups = [group.to_json() for group in GROUPS]
    return {
        CATEGORIES: _json([*_others(directory / CATEGORIES), *groups]),
        ENVIRONMENT: _properties(_plain(environment(record)), directory / ENVIRONMENT),
        EXECUTOR: _unless_others(
            directory / EXECUTOR, "reportName", _plain(executor(record, environ))
        ),
        ALLURE3: _unless_others(
            directory / ALLURE3,
            "name",
            {
                "name": _title(record),
                "historyPath": HISTORY,
                # By level and category, as the gate is; the default is by file.
                "plugins": {
                    "awesome": {
                        "options": {
                            "groupBy": ["parentSuite", "suite"],
                            "sections": ["charts", "timeline"],
                        }
                    }
                },
                "categories": {
                    "rules": [
                        {**group, "groupBy": [{"label": "parentSuite"}], "groupByMessage": False}
                        for group in groups
                    ]
                },
            },
        ),
    }


def environment(record: RunRecord) -> dict[str, str]:
    """What was compared and with what, for the front page."""
    facts = {
        "model": shown(record.model, _WIDTH),
        **{f"level {level.name}": _artifact(record, level) for level in record.levels},
        "checks": f"{sum(record.selected.values())}, alpha {record.alpha:g} for all together",
    }
    facts |= {f"standing {n}": line for n, line in enumerate(standing_lines(record), start=1)}
    facts["pytest-quant"] = record.version
    runtimes = [level.runtime for level in record.levels if level.runtime]
    for runtime in runtimes[:1]:
        facts["runtime"] = f"{runtime.name} {runtime.version}, build {runtime.build}"
        facts["hardware"] = f"{runtime.hardware}, {counted(runtime.threads, 'thread')}"
    return facts


def _artifact(record: RunRecord, level: LevelRecord) -> str:
    verdict = level.verdict or ("reference" if level.name == record.reference else "no verdict")
    return (
        f"{verdict}: {level.recipe}, {level.bits_per_weight:.2f} bits/weight, "
        f"{level.size / 1e6:,.1f} MB, sha256 {level.digest[:12]}"
    )


def executor(record: RunRecord, environ: Mapping[str, str]) -> dict[str, str | int]:
    """Who rendered the results: a known CI service, else this machine."""
    get = environ.get
    found: dict[str, str | None] = {"name": "local", "type": "local"}
    if get("GITHUB_ACTIONS"):
        home = f"{get('GITHUB_SERVER_URL')}/{get('GITHUB_REPOSITORY')}"
        found = {
            "name": "GitHub Actions",
            "type": "github",
            "url": home,
            "buildOrder": get("GITHUB_RUN_NUMBER"),
            "buildName": f"{get('GITHUB_WORKFLOW')} #{get('GITHUB_RUN_NUMBER')}",
            "buildUrl": f"{home}/actions/runs/{get('GITHUB_RUN_ID')}",
        }
    elif get("GITLAB_CI"):
        found = {
            "name": "GitLab CI",
            "type": "gitlab",
            "url": get("CI_PROJECT_URL"),
            "buildOrder": get("CI_PIPELINE_IID"),
            "buildName": f"{get('CI_JOB_NAME')} #{get('CI_PIPELINE_IID')}",
            "buildUrl": get("CI_JOB_URL"),
        }
    elif get("JENKINS_URL"):
        found = {
            "name": "Jenkins",
            "type": "jenkins",
            "url": get("JENKINS_URL"),
            "buildOrder": get("BUILD_NUMBER"),
            "buildName": f"{get('JOB_NAME')} #{get('BUILD_NUMBER')}",
            "buildUrl": get("BUILD_URL"),
        }
    order = found.pop("buildOrder", None)
    told: dict[str, str | int] = {name: text for name, text in found.items() if text is not None}
    if order is not None and order.isdecimal():
        told["buildOrder"] = int(order)
    return told | {"reportName": _title(record)}


def _plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """Without what records and CI services put into names and values."""
    return {
        harmless(name): harmless(value) if isinstance(value, str) else value
        for name, value in told.items()
    }


def _title(record: RunRecord) -> str:
    return f"{_TITLE} {shown(record.model, _WIDTH)}"


def _unless_others(path: Path, key: str, own: Mapping[str, object]) -> str:
    """The text of a file that somebody else made; ours, if there is none, or it is ours."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError:
        return _json(own)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    ours = isinstance(found, dict) and str(found.get(key, "")).startswith(_TITLE)
    return _json(own) if ours else text


def _json(data: object) -> str:
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _others(path: Path) -> list[Any]:
    """The categories of a file that are none of ours; none if it cannot be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return []
    names = {group.name for group in GROUPS}
    if not isinstance(found, list):
        return []
    return [one for one in found if not (isinstance(one, dict) and one.get("name") in names)]


def _properties(facts: Mapping[str, str], path: Path) -> str:
    """Java properties: the lines that a file has under other names, then ours."""
    own = [f"{_escaped(name, ' =:')}={_escaped(value)}" for name, value in facts.items()]
    names = {line.partition("=")[0] for line in own}
    kept = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
    others = [line for line in kept if line.partition("=")[0].rstrip() not in names]
    return "\n".join([*others, *own]) + "\n"


def _escaped(text: str, special: str = "") -> str:
    """In ASCII, as both generations read it."""
    pieces = (f"\\{c}" if c in special else c for c in text.replace("\\", "\\\\"))
    return "".join(c if c.isascii() else _unicode(c) for c in "".join(pieces))


def _unicode(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
