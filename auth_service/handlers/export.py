import asyncio
from datetime import UTC, datetime

from aiohttp import web

from auth_service.handlers.callers import device_of, session_of
from auth_service.service.export import Exporting
from shared.web.context import identity_of

EXPORTING = web.AppKey("exporting", Exporting)
ZIP = "application/zip"
_STALL_SECONDS = 60.0  # that a reader may take for one piece


async def export_account(request: web.Request) -> web.StreamResponse:
    """Download all that is known of you, everywhere, as one ZIP archive.

    The session must have been proved within the last ten minutes. An archive that breaks off has no end, and no
    program takes it for a whole one.
    """
    export = request.app[EXPORTING].open(identity_of(request).user_id, session_of(request), device_of(request))
    async with export as pieces:
        response = web.StreamResponse(headers=_headers())
        await response.prepare(request)
        try:
            async for piece in pieces:
                async with asyncio.timeout(_STALL_SECONDS):
                    await response.write(piece)
            await response.write_eof()
        except TimeoutError as exc:
            if request.transport is not None:
                request.transport.abort()
            raise ConnectionResetError("the reader stood still") from exc
    return response


def _headers() -> dict[str, str]:
    return {
        "Content-Type": ZIP,
        "Content-Disposition": f'attachment; filename="export-{datetime.now(UTC):%Y-%m-%d}.zip"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
