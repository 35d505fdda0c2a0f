"""What bandit finds insecure in a program, without running it."""

from __future__ import annotations

import logging
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_quant.paths import without_stray_home


def vulnerabilities(program: str) -> list[str]:
    """Findings of at least medium severity and confidence, in the order of the program.

    Each names bandit's test, the line, and what is wrong there.
    """
    with _quiet(), without_stray_home():
        from bandit.core.config import BanditConfig
        from bandit.core.manager import BanditManager

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "program.py")
        path.write_text(program, encoding="utf-8", errors="replace")
        manager = BanditManager(BanditConfig(), "file")
        manager.discover_files([str(path)])
        manager.run_tests()
        issues = manager.get_issue_list("MEDIUM", "MEDIUM")
    return [
        f"{issue.test_id} at line {issue.lineno}: {issue.text.partition('. ')[0].rstrip('.')}"
        for issue in issues
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """While bandit loads: it warns of its own libraries, and of reports that nobody asked for."""
    logger = logging.getLogger("stevedore")
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logger.setLevel(level)
