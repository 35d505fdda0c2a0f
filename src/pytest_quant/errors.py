"""The one exception that means "the user can mend this"."""


class QuantUsageError(Exception):
    """A mistake in an option, a file or the environment.

    The message is a few lines for the user: where, what was found, what is allowed,
    what to do next. The plugin shows it without a traceback and exits with code 4.
    """
