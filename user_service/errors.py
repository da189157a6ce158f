"""Failures of this service alone."""

from shared.errors import AppError


class InvalidProfile(AppError):
    code, status, title = "invalid_profile", 422, "The profile breaks a rule"


class StaleProfile(AppError):
    """A form was filled before the profile got to its present version."""

    code, status, title = "stale_profile", 409, "The profile was changed elsewhere meanwhile"


class InvalidAvatar(AppError):
    code, status, title = "invalid_avatar", 422, "The file can't be an avatar"
