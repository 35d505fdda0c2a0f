"""The form in which a prompt asks for its answer, such as 'Answer:' before it."""

from __future__ import annotations

import re

# Between quotes, alone or with what follows: 'Answer:', "Final answer:", 'Answer: O(...)'.
_DEMANDED = re.compile(r"""(?<!\w)['"\u2018\u201c](?P<words>(?:final[ ])?answer:)""", re.IGNORECASE)


def announcement(prompt: str) -> str:
    """The words behind which a prompt wants the answer, as it spells them; "" if it names none."""
    found = [*_DEMANDED.finditer(prompt)]
    return found[-1]["words"] if found else ""
