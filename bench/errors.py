"""What keeps a measurement from being made."""


class BenchError(Exception):
    """Something is missing or did not start; the text is one sentence that says what to do."""
