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

_LOOKED_AT = 256 << 10  # bytes
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
            beginning = await self._content.beginning(file, _LOOKED_AT)
            known = is_in_utf8(beginning, is_whole=len(beginning) == file.size)
            self._keep(file.sha256, known)
        return known

    def _keep(self, sha256: bytes, known: bool) -> None:  # noqa: FBT001  a value to keep, no switch
        self._known[sha256] = known
        if len(self._known) > _MOST:
            self._known.popitem(last=False)


def is_in_utf8(text: bytes, *, is_whole: bool) -> bool:
    """Tell it of a text by its beginning, where it isn't `whole`: that may end amid a character.

    ASCII alone proves nothing of what comes behind it.
    """
    if _ISO_2022.search(text) or (text.isascii() and not is_whole):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(text, is_whole)
    except UnicodeDecodeError:
        return False
    return True
