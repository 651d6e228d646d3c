class CannotStartError(Exception):
    """The stack cannot start. The message is one sentence for a person: what is wrong, and what to do about it."""
