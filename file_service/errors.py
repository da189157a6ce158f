"""What can go wrong with files, beside the failures that every service shares."""

from shared.errors import AppError


class QuotaExceeded(AppError):
    """413 and not 507: the limit is the caller's own, and a 5xx would read as our outage to gateways and alarms."""

    code, status, title = "quota_exceeded", 413, "The file doesn't fit into the storage quota"


class FileTooLarge(AppError):
    code, status, title = "file_too_large", 413, "The file is larger than a file may be"


class TooManyParts(AppError):
    code, status, title = "too_many_parts", 413, "The form has too many or too large parts"


class UploadStalled(AppError):
    code, status, title = "upload_stalled", 408, "The upload stood still for too long"


class RangeNotSatisfiable(AppError):
    code, status, title = "range_not_satisfiable", 416, "The file has no such bytes"

    def __init__(self, size: int) -> None:
        super().__init__(headers={"Content-Range": f"bytes */{size}"})


class InsufficientStorage(AppError):
    code, status, title = "insufficient_storage", 507, "There is no room left to store the file"


class TypeNotAllowed(AppError):
    code, status, title = "type_not_allowed", 422, "Files of this type may not be stored for this purpose"


class UnknownPurpose(AppError):
    code, status, title = "unknown_purpose", 422, "There is no such purpose of files"
