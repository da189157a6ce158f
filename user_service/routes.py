from shared.errors import PreconditionFailed
from shared.web.routes import Auth, Route
from user_service.errors import InvalidAvatar, InvalidProfile
from user_service.handlers import (
    drop_avatar,
    get_own_profile,
    get_profile,
    search_profiles,
    tell_known,
    update_own_profile,
)

_PATCH_TYPES = ("application/json", "application/merge-patch+json")

ROUTES = (
    Route("GET", "/v1/users/me", get_own_profile),
    Route(
        "PATCH",
        "/v1/users/me",
        update_own_profile,
        errors=(InvalidAvatar, InvalidProfile, PreconditionFailed),
        body_types=_PATCH_TYPES,
        example={"display_name": "Ada Lovelace", "bio": "First programmer."},
    ),
    Route("GET", "/v1/users/{user_id}", get_profile),
    Route("GET", "/v1/users", search_profiles),
)

PRIVATE_ROUTES = (
    Route("GET", "/internal/exports/{user_id}", tell_known, Auth.SERVICE),
    Route("POST", "/internal/avatars/gone", drop_avatar, Auth.SERVICE),
)
