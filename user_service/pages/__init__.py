"""The page of one's own profile."""
