"""Forms that are too large to be read before they are understood: uploads (multipart/form-data, RFC 7578).

Their handler reads the body itself. It must hand the form's token to `request[FORM_TOKEN].check` before it believes
anything else of it: templates put the token first in every form, so it is there before the file is.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

MULTIPART_TYPES = ("multipart/form-data",)


@dataclass(frozen=True, slots=True)
class FormToken:
    """`check` raises StaleForm for a token that isn't of a form shown to this browser in this session."""

    check: Callable[[str], None]


FORM_TOKEN = web.RequestKey("form_token", FormToken)
