"""What a rule is: something that a composition keeps, or breaks in a way that can be said."""

from __future__ import annotations

from collections.abc import Callable

from pytest_quant.checkers.rules.composition import Composition

# Says in which way a composition breaks the rule; "" if it keeps it.
Verify = Callable[[Composition], str]
# Reads what stands behind the rule's name; raises ``ValueError`` if it cannot.
Factory = Callable[[str], Verify]
