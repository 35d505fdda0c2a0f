"""What bandit finds insecure in a program, without running it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pytest_quant.base.paths import without_stray_home

# In the first two lines bandit would obey a comment that names an encoding; Python, which gets
# the program as text, does not.
_AHEAD = "\n\n"
_LOGGERS = ("bandit", "stevedore")


@dataclass(frozen=True, slots=True)
class Examination:
    """``findings`` in the order of the program; ``problem``: why it could not be examined."""

    findings: tuple[str, ...] = ()
    problem: str = ""


def examine(program: str) -> Examination:
    """Findings of at least medium severity and confidence, whatever comments say of them.

    Each names bandit's test, the line, and what is wrong there.
    """
    with _heard() as errors, without_stray_home(), tempfile.TemporaryDirectory() as directory:
        from bandit.core.config import BanditConfig
        from bandit.core.manager import BanditManager

        path = Path(directory, "program.py")
        path.write_text(_AHEAD + program, encoding="utf-8", errors="replace", newline="")
        manager = BanditManager(BanditConfig(), "file", ignore_nosec=True)
        manager.discover_files([str(path)])
        manager.run_tests()
        skipped, examined = manager.get_skipped(), manager.files_list
        issues = manager.get_issue_list("MEDIUM", "MEDIUM")
    # A test of bandit's that raises is logged, and otherwise passed over.
    if skipped or errors or not examined:
        why = skipped[0][1] if skipped else "one of its tests failed" if errors else "left out"
        return Examination(problem=f"bandit could not examine it: {why}")
    return Examination(
        tuple(
            f"{issue.test_id} at line {issue.lineno - len(_AHEAD)}: "
            f"{issue.text.partition('. ')[0].rstrip('.')}"
            for issue in issues
        )
    )


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def _heard() -> Iterator[list[logging.LogRecord]]:
    """The errors that bandit logs. Of its libraries' and its own words nothing is shown."""
    heard = _Errors()
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [(logger.level, logger.propagate) for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
            logger.propagate = False
        loggers[0].addHandler(heard)
        try:
            yield heard.records
        finally:
            loggers[0].removeHandler(heard)
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.propagate = propagate
