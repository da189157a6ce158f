from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.domain.names import is_nameless
from file_service.repository.files import FileRepository
from file_service.uploads.incoming import UploadRequest
from file_service.views import FileView, NamedUploadQuery, UploadQuery, metadata_etag, present
from shared.errors import InvalidParameter, PreconditionFailed
from shared.web.answers import Answer, Created, Page
from shared.web.context import identity_of
from shared.web.idempotency_key import read_key
from shared.web.paging import PageQuery, decode_cursor, make_page

_NAME_IT = "Put the file's name behind the last slash, as in `PUT /v1/files/notes.txt`."


async def upload_file(request: web.Request, query: UploadQuery) -> Created[FileView]:
    """Store a file.

    Send a form with the file in its part `file`, or the file alone as the body, with its Content-Type and `?name=`.
    The name becomes a harmless label without folders. The content type is what the bytes show it to be, and the name's
    extension must fit it.
    """
    context = request.app[FILES]
    upload = UploadRequest(request, query.name, query.purpose, context.stall_seconds)
    return await context.uploads.store(identity_of(request).user_id, upload, read_key(request))


async def upload_named_file(request: web.Request, name: str, query: NamedUploadQuery) -> Created[FileView]:
    """Store a file under the name that its path ends with, as `curl -T notes.txt .../v1/files/` does.

    The body is the file. It is another form of `POST /v1/files?name=`, and makes a new file each time: names are
    labels, so this replaces none of the same name, and If-Match never holds. Who may have to send it twice adds an
    Idempotency-Key.
    """
    if is_nameless(name):
        raise InvalidParameter(_NAME_IT)
    if "If-Match" in request.headers:
        raise PreconditionFailed
    context = request.app[FILES]
    upload = UploadRequest(request, name, query.purpose, context.stall_seconds)
    return await context.uploads.store(identity_of(request).user_id, upload, read_key(request))


async def refuse_nameless_file(request: web.Request) -> None:
    """Tell who sends a file to the folder what is missing, as curl does with what it reads from a pipe."""
    del request
    raise InvalidParameter(_NAME_IT)


async def list_files(request: web.Request, query: PageQuery) -> Page[FileView]:
    """List your files, newest first."""
    owner_id = identity_of(request).user_id
    before = decode_cursor("files", query.cursor)
    files = await FileRepository(request.app[FILES].database).list_page(owner_id, before, query.limit + 1)
    return make_page("files", files, query.limit, key=lambda file: file.file_id, present=present)


async def get_file(request: web.Request, file_id: UUID) -> Answer[FileView]:
    """Read what is known of one of your files."""
    file = await FileRepository(request.app[FILES].database).get(identity_of(request).user_id, file_id)
    return Answer(present(file), etag=metadata_etag(file))


async def delete_file(request: web.Request, file_id: UUID) -> None:
    """Delete one of your files; a download that has begun still ends well."""
    context = request.app[FILES]
    async with context.database.transaction() as connection:
        await FileRepository(connection).delete(identity_of(request).user_id, file_id)
    context.collector.nudge()
