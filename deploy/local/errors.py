class LaunchError(Exception):
    """Why the stack can't start, in words for the person at the terminal: what is wrong, and what to do about it."""
