"""The exceptions whose messages people read."""

import traceback
from pathlib import Path

from pytest_quant.base.harmless import message


class Told(Exception):
    """One whose message may quote files, models and servers: it is bounded and harmless."""

    def __init__(self, text: str) -> None:
        super().__init__(message(text))


class QuantUsageError(Told):
    """A mistake in an option, a file or the environment.

    The message is a few lines for the user: where, what was found, what is allowed,
    what to do next. The plugin shows it without a traceback and exits with code 4.
    """


class SandboxUnavailable(Told):
    """Programs cannot be isolated on this machine, so none is run; the message says why."""


class CheckerBroken(Told):
    """A checker failed on a response, which no checker may; the message says whose it is."""


class RuntimeFailed(Told, RuntimeError):
    """A model could not be opened or run; the message ends with what its runtime said last.

    A kind of its own: the code of a user who is asked beside it raises a ``RuntimeError``, too,
    as Python itself does where something calls itself without end.
    """


class TimeOver(Told):
    """The time that the session was given is over; what was under way is dropped."""


def words_of(error: BaseException) -> str:
    """What an error says to a person: of one that nobody foresaw also its kind and place."""
    if isinstance(error, Told):
        return str(error)
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return message(f"{type(error).__name__}: {error} ({place})")
