"""What clients call the installation: the one source of every link."""

from urllib.parse import urlsplit

from aiohttp import web

PUBLIC_URL = web.AppKey("public_url", str)


def root_of(app: web.Application) -> str:
    """Return the path that links in pages begin with: empty, or `/prefix`. The gateway strips it from requests."""
    return urlsplit(app.get(PUBLIC_URL, "")).path
