"""What `python -m auth_service NAME` does, run by a person on the server."""
