"""What the handlers of links share for as long as the program lives."""

from dataclasses import dataclass

from aiohttp import web

from file_service.domain.purposes import Purposes
from file_service.sharing.places import Places
from file_service.sharing.shares import Shares
from file_service.sharing.upload_links import UploadLinks
from file_service.sharing.ways import Ways


@dataclass(frozen=True, slots=True)
class SharingContext:
    """`max_bytes` is for one file."""

    ways: Ways
    shares: Shares
    upload_links: UploadLinks
    places: Places
    purposes: Purposes
    max_bytes: int


SHARING = web.AppKey("sharing", SharingContext)
