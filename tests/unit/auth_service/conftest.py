from tests.hashing import shared_processes

__all__ = ["shared_processes"]  # a fixture for all
