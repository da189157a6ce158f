from aiohttp import web

from file_service.context import FILES, RESUMABLE
from file_service.repository.quota import usage_of
from file_service.views import UsageView
from shared.web.context import identity_of


async def get_usage(request: web.Request) -> UsageView:
    """Tell how much of your quota is taken: by stored files, and by what unfinished uploads have reserved."""
    usage = await usage_of(request.app[FILES].database, identity_of(request).user_id)
    return UsageView(usage.bytes, usage.reserved, request.app[RESUMABLE].limits.quota, usage.files)
