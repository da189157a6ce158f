"""All SQL of profiles. A deleted account's row is its tombstone: empty, private, and never found again."""

from user_service.repository.bans import BanRepository
from user_service.repository.profiles import PURGE_TOMBSTONES, ProfileRepository
from user_service.repository.search import ProfileSearch

__all__ = ["PURGE_TOMBSTONES", "BanRepository", "ProfileRepository", "ProfileSearch"]
