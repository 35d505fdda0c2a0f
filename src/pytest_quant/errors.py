"""The one exception that means "the user can mend this"."""


class QuantUsageError(Exception):
    """A mistake in an option, a file or the environment.

    The message is a few lines for the user: where, what was found, what is allowed,
    what to do next. The plugin shows it without a traceback and exits with code 4.
    """


class SandboxUnavailable(Exception):
    """Programs cannot be isolated on this machine, so none is run; the message says why."""
