"""Looks at a running stack as an operator would, and says what is wrong and what to do about it."""
