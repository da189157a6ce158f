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


class NoFileChosen(AppError):
    code, status, title = "no_file_chosen", 422, "Choose a file first"


class TypeNotAllowed(AppError):
    code, status, title = "type_not_allowed", 422, "Files of this type may not be stored for this purpose"


class ExtensionMismatch(AppError):
    """For names of types that everybody knows: a wrong one misleads whoever opens the file, and no server of ours."""

    code, status, title = "extension_mismatch", 422, "The file's name says another type than its content"


class UnknownPurpose(AppError):
    code, status, title = "unknown_purpose", 422, "There is no such purpose of files"


class MalformedUploadHeader(AppError):
    code, status, title = "malformed_upload_header", 400, "A header of the upload is malformed"


class TusVersionUnsupported(AppError):
    code, status, title = "tus_version_unsupported", 412, "Only version 1.0.0 of tus is spoken here"


class UploadOffsetMismatch(AppError):
    """Also for a writer whose place another has taken: whoever asks for the offset knows how to go on."""

    code, status, title = "upload_offset_mismatch", 409, "The upload isn't at this offset"


class UploadIncomplete(AppError):
    code, status, title = "upload_incomplete", 409, "A partial upload isn't complete yet"


class UploadGone(AppError):
    code, status, title = "upload_gone", 410, "The upload has expired, was ended, or is part of another"


class UploadTakesNoBytes(AppError):
    code, status, title = "upload_takes_no_bytes", 403, "A final upload takes no bytes of its own"


class UploadLengthExceeded(AppError):
    code, status, title = "upload_length_exceeded", 413, "There are more bytes than the upload's length says"


class TooManyUploads(AppError):
    """429, as it passes: by finishing uploads, or by the expiry of forgotten ones."""

    code, status, title = "too_many_uploads", 429, "There are too many unfinished uploads"

    def __init__(self, most: int) -> None:
        super().__init__(f"Finish or end some of your {most} first.", headers={"Retry-After": "60"})


class ChecksumMismatch(AppError):
    code, status, title = "checksum_mismatch", 460, "The bytes aren't those that the checksum was made of"


class ArchiveBomb(AppError):
    code, status, title = "archive_bomb", 422, "The archive unpacks to more than is allowed"


class UnreadableArchive(AppError):
    code, status, title = "unreadable_archive", 422, "The archive contradicts itself"


class PixelBomb(AppError):
    code, status, title = "pixel_bomb", 422, "The picture has more pixels than is allowed"


class FileQuarantined(AppError):
    code, status, title = "file_quarantined", 409, "The file is being checked, and isn't given out before"


class FileInfected(AppError):
    code, status, title = "file_infected", 403, "The file was found to be harmful, and isn't given out"


class FileUnchecked(AppError):
    code, status, title = "file_unchecked", 403, "The file couldn't be checked, and isn't given out"


class NotAPicture(AppError):
    code, status, title = "not_a_picture", 422, "No picture can be made of the file"


class PictureTooCostly(AppError):
    code, status, title = "picture_too_costly", 422, "Making this picture takes too much time or memory"


class ShareIsOver(AppError):
    """Only whoever has the right secret learns that there was a share."""

    code, status, title = "share_is_over", 410, "This link has done its service"


class SharePasswordRequired(AppError):
    code, status, title = "share_password_required", 403, "This link has a password"


class ShortSharePassword(AppError):
    code, status, title = "short_share_password", 422, "A link's password needs at least 6 characters"


class WrongSharePassword(AppError):
    code, status, title = "wrong_share_password", 403, "That isn't the link's password"


class TooManyGuesses(AppError):
    """The share's own count: an address of one's own for each guess doesn't help."""

    code, status, title = "too_many_guesses", 429, "Too many wrong passwords were tried"


class TooManyLinks(AppError):
    code, status, title = "too_many_links", 409, "There are too many links already"


class InvalidSignedUrl(AppError):
    """One answer for every way in which it may be wrong, and for a file that is gone."""

    code, status, title = "invalid_signed_url", 403, "This URL isn't valid, or not any more"


class UploadLinkIsOver(AppError):
    code, status, title = "upload_link_is_over", 410, "Nothing more can be sent by this link"


class UploadLinkFull(AppError):
    code, status, title = "upload_link_full", 413, "The file is larger than what may still be sent by this link"
