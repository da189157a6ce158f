"""Reading the audit log: all of it for administrators, their own entries for everybody."""

from aiohttp import web

from auth_service.audit_export import ENCODERS, MEDIA_TYPES
from auth_service.domain.audit import AuditFilter
from auth_service.handlers.callers import doer_of
from auth_service.messages.audit import (
    AuditEntryView,
    AuditExportQuery,
    AuditQuery,
    OwnEntryView,
    filter_of,
    present_entry,
    present_own_entry,
)
from auth_service.repository.audit_search import AuditSearch
from auth_service.service.audit import AuditExport
from shared.web.answers import Page
from shared.web.context import identity_of
from shared.web.paging import PageQuery, decode_cursor, make_page

AUDIT = web.AppKey("audit", AuditSearch)
AUDIT_EXPORT = web.AppKey("audit_export", AuditExport)


async def search_audit(request: web.Request, query: AuditQuery) -> Page[AuditEntryView]:
    """Search the audit log, newest entry first."""
    wanted = filter_of(query)
    scope = f"audit {wanted}"
    found = await request.app[AUDIT].list_page(wanted, decode_cursor(scope, query.cursor), query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda each: each.audit_entry_id, present=present_entry)


async def list_own_audit(request: web.Request, query: PageQuery) -> Page[OwnEntryView]:
    """List what happened to your account lately, newest first: sign-ins, refused ones, changes, and by whom."""
    user_id = identity_of(request).user_id
    scope = f"own audit {user_id}"
    before = decode_cursor(scope, query.cursor)
    found = await request.app[AUDIT].list_page(AuditFilter(user_id=user_id), before, query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda each: each.audit_entry_id, present=present_own_entry)


async def export_audit(request: web.Request, query: AuditExportQuery) -> web.StreamResponse:
    """Download all entries that fit, newest first: a JSON object per line, or CSV that no spreadsheet runs.

    That it was exported is written down too. Needs a session that was proved within ten minutes.
    """
    batches = await request.app[AUDIT_EXPORT].begin(doer_of(request), filter_of(query), query.format.value)
    disposition = f'attachment; filename="audit.{query.format.value}"'
    response = web.StreamResponse(
        headers={
            "Content-Type": MEDIA_TYPES[query.format],
            "Content-Disposition": disposition,
            "Cache-Control": "no-store",
        }
    )
    await response.prepare(request)
    if request.method == "HEAD":
        return response
    encode = ENCODERS[query.format]()
    await response.write(encode.head())
    async for batch in batches:
        await response.write(encode.rows(batch))
    await response.write_eof()
    return response
