"""How long a journey takes and when it ends, worked out in small written steps."""

from __future__ import annotations

from itertools import accumulate, pairwise
from random import Random
from typing import Any

_VEHICLES = ["bus", "train", "car", "truck", "van"]


def hours(rng: Random, legs: list[int]) -> dict[str, Any]:
    """Legs of different speeds, each of whole hours."""
    driven = [(10 * rng.randint(2, 9), rng.randint(1, 9)) for _ in range(rng.randint(*legs))]
    totals = list(accumulate(time for _, time in driven))
    steps = [f"{speed * time} / {speed} = {time}" for speed, time in driven]
    steps += [
        f"{before} + {time} = {after}"
        for (before, after), (_, time) in zip(pairwise(totals), driven[1:], strict=True)
    ]
    return {
        "vehicle": rng.choice(_VEHICLES),
        "legs": ", then ".join(
            f"{speed * time} km at {speed} km an hour" for speed, time in driven
        ),
        "hours": totals[-1],
        "last": driven[-1][1],
        "working": ", ".join(steps),
    }


def arrival(rng: Random) -> dict[str, Any]:
    """A departure and a duration on the same day, in hours and minutes."""
    hour, minute = rng.randint(5, 17), rng.randint(0, 59)
    for_hours, for_minutes = rng.randint(1, 5), rng.randint(1, 59)
    carried, arrives = divmod(minute + for_minutes, 60)
    steps = [
        f"{hour} + {for_hours} = {hour + for_hours}",
        f"{minute} + {for_minutes} = {minute + for_minutes}",
    ]
    if carried:
        steps.append(f"{minute + for_minutes} - 60 = {arrives}")
        steps.append(f"{hour + for_hours} + 1 = {hour + for_hours + 1}")
    end = hour + for_hours + carried
    return {
        "vehicle": rng.choice(_VEHICLES),
        "leaves": f"{hour:02}:{minute:02}",
        "hours": "1 hour" if for_hours == 1 else f"{for_hours} hours",
        "minutes": "1 minute" if for_minutes == 1 else f"{for_minutes} minutes",
        "arrives": f"{end:02}:{arrives:02}",
        "unpadded": f"{end}:{arrives:02}",
        "working": ", ".join(steps),
    }
