"""Failures of this service alone."""

from shared.errors import AppError


class InvalidProfile(AppError):
    code, status, title = "invalid_profile", 422, "The profile breaks a rule"


class InvalidAvatar(AppError):
    code, status, title = "invalid_avatar", 422, "The file can't be an avatar"
