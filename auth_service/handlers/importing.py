from collections.abc import Sequence

from aiohttp import web

from auth_service.handlers.callers import doer_of
from auth_service.import_rows import Row, rows_of_array, rows_of_lines
from auth_service.messages.importing import ImportAnswer, present_import
from auth_service.service.importing import Importing
from shared.errors import BodyTooLarge
from shared.web.body import JSON_TYPES, check_content_type, read_body

IMPORTING = web.AppKey("importing", Importing)
NDJSON = "application/x-ndjson"
IMPORT_TYPES = (NDJSON, *JSON_TYPES)
_MOST_BYTES, _MOST_ROWS = 8 * 1024 * 1024, 10_000


async def import_users(request: web.Request) -> ImportAnswer:
    """Take over accounts of another system: lines of JSON, or one array, 10,000 rows and 8 MiB at most.

    A row has `email` and, as far as there are, `email_verified`, `password_hash` and `created_at`. Passwords stay as
    they are: hashes of Django, werkzeug, argon2id and bcrypt are known, and replaced by ours at the first sign-in.
    Sending rows again does nothing: an address that has an account is a `duplicate`.
    """
    check_content_type(request, IMPORT_TYPES)
    rows = _read(await read_body(request, _MOST_BYTES), request.content_type)
    return present_import(await request.app[IMPORTING].import_for(doer_of(request), rows))


def _read(raw: bytes, media_type: str) -> Sequence[Row]:
    rows = list(rows_of_lines(raw.split(b"\n")) if media_type == NDJSON else rows_of_array(raw))
    if len(rows) > _MOST_ROWS:
        raise BodyTooLarge(f"At most {_MOST_ROWS} rows are accepted at once.")
    return rows
