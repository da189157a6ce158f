"""Somebody at the pages of file_service."""

import io
from dataclasses import dataclass

from aiohttp import FormData

from tests.integration import page_visitor
from tests.integration.file_service.running_service import RunningService
from tests.integration.pages_read import Shown


@dataclass
class PageVisitor(page_visitor.PageVisitor):
    service: RunningService

    async def upload(self, page: str, name: str, content: bytes) -> Shown:
        form = (await self.get(page)).forms[page]
        return await self.post_form(form.action, file_form(form.fields["csrf_token"], name, content))


def file_form(token: str | None, name: str, content: bytes, content_type: str = "text/plain") -> FormData:
    """Return the form as a browser sends it: its token first, where it has one."""
    form = FormData(default_to_multipart=True)
    if token is not None:
        form.add_field("csrf_token", token)
    form.add_field("file", io.BytesIO(content), filename=name, content_type=content_type)
    return form
