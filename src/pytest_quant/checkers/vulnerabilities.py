"""What bandit finds insecure in a program, without running it."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path


def vulnerabilities(program: str) -> list[str]:
    """Findings of at least medium severity and confidence, in the order of the program.

    Each names bandit's test, the line, and what is wrong there.
    """
    with warnings.catch_warnings():
        # Its import is heavy, and warns of how it uses a library of its own.
        warnings.simplefilter("ignore")
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
