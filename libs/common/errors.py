"""The two questions that a failure answers: try again, or never."""


class TransientError(Exception):
    """Trying again may help: something that we need is away or busy."""


class PermanentError(Exception):
    """Trying again cannot help: a rule does not hold."""
