"""A pitfall of pytest, told to the user: a path after a space may move the project.

pytest looks for its ini file before it loads plugins. It does not know their options then, and
takes ``--quant-model /models/m.gguf`` for a flag and the path of a test: it looks below
``/models``, and the project's own settings and probes are silently ignored.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise

import pytest

from pytest_quant.errors import QuantUsageError


def check_rootdir(config: pytest.Config, flags: Collection[str]) -> None:
    """Raises ``QuantUsageError`` if the value of one of ``flags`` misled pytest.

    A value does so if it follows a space and exists outside the current directory, unless an ini
    file of this directory or above was found nevertheless, or the user named one.
    """
    here, root = config.invocation_params.dir, config.rootpath
    found = config.inipath is not None and here.is_relative_to(root)
    if root == here or found or config.getoption("inifilename") or config.getoption("rootdir"):
        return
    for flag, value in pairwise(map(str, config.invocation_params.args)):
        path = here / value
        if flag in flags and path.exists() and not path.resolve().is_relative_to(here.resolve()):
            raise QuantUsageError(
                f"{flag} {value}: write {flag}={value}\n"
                "after a space, pytest takes the path for one of tests and looks for your "
                f"settings and probes there (rootdir: {root})"
            )
