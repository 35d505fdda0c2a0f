"""What bandit finds insecure in a program, without running it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

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
    with _quiet(), tempfile.TemporaryDirectory() as directory:
        from bandit.core.config import BanditConfig
        from bandit.core.manager import BanditManager

        path = Path(directory, "program.py")
        path.write_text(_AHEAD + program, encoding="utf-8", errors="replace", newline="")
        # With ``debug``, a test of bandit's that raises is not passed over.
        manager = BanditManager(BanditConfig(), "file", debug=True, ignore_nosec=True)
        manager.discover_files([str(path)])
        manager.run_tests()
        skipped, examined = manager.get_skipped(), manager.files_list
        issues = manager.get_issue_list("MEDIUM", "MEDIUM")
    if skipped or not examined:
        why = skipped[0][1] if skipped else "it was left out"
        return Examination(problem=f"bandit could not examine it: {why}")
    return Examination(
        tuple(
            f"{issue.test_id} at line {issue.lineno - len(_AHEAD)}: "
            f"{issue.text.partition('. ')[0].rstrip('.')}"
            for issue in issues
        )
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """While bandit loads and runs, which warns of its own libraries and of what it passes over."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
