"""Composes what leads to files without an account, and what brings them here."""

from file_service.context import FileContext
from file_service.repository.shares import PURGE_DEAD_SHARES
from file_service.repository.upload_links import PURGE_DEAD_UPLOAD_LINKS
from file_service.settings import Settings
from file_service.sharing.context import SharingContext
from file_service.sharing.link_keys import LinkKeys
from file_service.sharing.passwords import SharePasswords
from file_service.sharing.places import Places
from file_service.sharing.shares import Shares
from file_service.sharing.signed_urls import SignedUrls
from file_service.sharing.upload_links import UploadLinks
from file_service.sharing.ways import Ways

SHARING_PURGES = (PURGE_DEAD_SHARES, PURGE_DEAD_UPLOAD_LINKS)


def compose_sharing(settings: Settings, files: FileContext) -> SharingContext:
    places = Places(settings.process.public_url, settings.content_url)
    shares = Shares(files.database, SharePasswords())
    signed_urls = SignedUrls(LinkKeys(settings.link_keys))
    return SharingContext(
        ways=Ways(files.database, places, shares, signed_urls, _public_cache(settings.public_seconds)),
        shares=shares,
        upload_links=UploadLinks(files.database, files.uploads, settings.purposes),
        places=places,
        purposes=settings.purposes,
        max_bytes=settings.max_bytes,
    )


def _public_cache(seconds: int) -> str:
    """Every cache may keep a public file; unless it may use it for `seconds`, it asks each time whether it may."""
    return f"public, max-age={seconds}" if seconds else "public, no-cache"
