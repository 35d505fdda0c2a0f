"""The exceptions whose messages people read."""

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
