"""What stops the stack with a sentence for people instead of a traceback."""


class StackError(Exception):
    """An expected failure; its message says what is wrong and what to do about it."""
