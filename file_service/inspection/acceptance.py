"""Whether a file may be stored, and under which name, by what its first bytes show it to be."""

from file_service.domain.file import File
from file_service.domain.names import safe_name
from file_service.domain.purposes import Purpose, Purposes
from file_service.inspection.content_types import stored_type
from file_service.inspection.extensions import extension_of, require_fitting_extension


def accepted_type(purpose: Purpose, name: str, head: bytes, declared: str | None) -> str:
    """Return the media type to keep. Raises TypeNotAllowed, ExtensionMismatch. Nothing at all contradicts no name, and
    what is declared neither contradicts nor helps one.
    """
    content_type = stored_type(head, declared)
    purpose.check_type(content_type)
    if head and not purpose.any_extension:
        require_fitting_extension(name, stored_type(head, declared=None))
    return content_type


def accepted_name(purposes: Purposes, file: File, raw: str) -> str:
    """Return the label to rename a file to. Raises ExtensionMismatch, unless its name ended like this before."""
    name = safe_name(raw)
    purpose = purposes.by_name.get(file.purpose)
    is_free = purpose is not None and purpose.any_extension
    if file.size and not is_free and extension_of(name) != extension_of(file.name):
        require_fitting_extension(name, file.content_type)
    return name
