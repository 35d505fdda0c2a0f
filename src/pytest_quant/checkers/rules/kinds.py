"""What a rule is: something that a composition keeps, or breaks in a way that can be said."""

from __future__ import annotations

from collections.abc import Callable

from pytest_quant.checkers.rules.composition import Verify as Verify

# Reads what stands behind the rule's name; raises ``ValueError`` if it cannot.
Factory = Callable[[str], Verify]
