"""What a profile is, and the rules for what people write into theirs. Pure."""

from user_service.domain.names import RuleBroken, normalise_bio, normalise_display_name
from user_service.domain.profile import Changes, Found, Keep, Profile, Visibility
from user_service.domain.search import MAX_TERM, MIN_TERM, fold, search_term

__all__ = [
    "MAX_TERM",
    "MIN_TERM",
    "Changes",
    "Found",
    "Keep",
    "Profile",
    "RuleBroken",
    "Visibility",
    "fold",
    "normalise_bio",
    "normalise_display_name",
    "search_term",
]
