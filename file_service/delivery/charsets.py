"""Whether a text is UTF-8, which has to be told: browsers take a text that says nothing for windows-1252.

The stored type doesn't tell, as any bytes without controls are text. So the beginning is looked at when a text goes
out, also of those that were stored before anybody asked, and remembered for the next time: a file's bytes never change.
"""

import codecs
import re
from collections import OrderedDict

from file_service.delivery.content import Content
from file_service.delivery.headers import names_charset
from file_service.domain.file import File
from file_service.inspection.head import HEAD_BYTES

_MOST = 4096  # texts that are remembered, about a hundred bytes each
_ISO_2022 = re.compile(rb"\x1b[$(]")  # Japanese and others, of nothing but ASCII's bytes


class Charsets:
    def __init__(self, content: Content) -> None:
        self._content = content
        self._known: OrderedDict[bytes, bool] = OrderedDict()

    async def is_utf8(self, file: File) -> bool:
        """Tell it of a text by its first bytes; nothing else is called so. Raises what opening the content raises."""
        if not names_charset(file.content_type):
            return False
        known = self._known.get(file.sha256)
        if known is None:
            head = await self._content.beginning(file, HEAD_BYTES)
            known = begins_in_utf8(head, is_whole=len(head) == file.size)
            self._keep(file.sha256, known)
        return known

    def _keep(self, sha256: bytes, known: bool) -> None:  # noqa: FBT001  a value to keep, no switch
        self._known[sha256] = known
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def begins_in_utf8(head: bytes, *, is_whole: bool) -> bool:
    """Unless it `is_whole`, the head may end amid a character."""
    if _ISO_2022.search(head):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, is_whole)
    except UnicodeDecodeError:
        return False
    return True
