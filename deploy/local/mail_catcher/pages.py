"""The page that shows what was caught: to this machine alone, and nothing in a mail can do anything there."""

import json
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.mail_catcher.mailbox import Caught, Mailbox, links_in

_MAILBOX = web.AppKey("mailbox", Mailbox)
_HOSTS = {"127.0.0.1", "localhost", "::1"}
# The page itself: its own stylesheet, script and frames. A mail's HTML: its inline styles, in a sandbox without an
# origin, from which links open elsewhere.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-src 'self'; "
    "base-uri 'none'; form-action 'none'"
)
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_FOLDER = Path(__file__).parent
_PAGES_STYLE = Path(__file__).parents[3] / "shared" / "web" / "static" / "colonnade.css"
_templates = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)


def catcher_app(mailbox: Mailbox) -> web.Application:
    app = web.Application(middlewares=[_for_this_machine])
    app[_MAILBOX] = mailbox
    app.add_routes(
        [
            web.get("/", _list),
            web.get("/colonnade.css", _pages_style),
            web.get("/style.css", _style),
            web.get("/list.js", _script),
            web.get("/mails.json", _tell),
            web.get(r"/mails/{number:\d{1,9}}", _show),
            web.get(r"/mails/{number:\d{1,9}}/html", _show_html),
            web.get(r"/mails/{number:\d{1,9}}/source", _show_source),
        ]
    )
    return app


@web.middleware
async def _for_this_machine(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a foreign name: a page elsewhere whose name is made to lead here must not read people's links."""
    if urlsplit(f"//{request.host}").hostname not in _HOSTS:
        raise web.HTTPForbidden(text="This page is for the machine that it runs on.\n")
    response = await handler(request)
    response.headers.update(_HEADERS)
    response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
    return response


async def _list(request: web.Request) -> web.Response:
    return _page("list.html", mails=request.app[_MAILBOX].newest())


async def _pages_style(_request: web.Request) -> web.Response:
    """Give out the stylesheet of the stack's own pages, so that these look like them."""
    return web.Response(text=_PAGES_STYLE.read_text(encoding="utf-8"), content_type="text/css")


async def _style(_request: web.Request) -> web.Response:
    return web.Response(text=(_FOLDER / "style.css").read_text(encoding="utf-8"), content_type="text/css")


async def _script(_request: web.Request) -> web.Response:
    return web.Response(text=(_FOLDER / "list.js").read_text(encoding="utf-8"), content_type="text/javascript")


async def _tell(request: web.Request) -> web.Response:
    """Tell the mails, newest first, as JSON; `?to=` chooses a recipient's."""
    found = request.app[_MAILBOX].newest(request.query.get("to", ""))
    return web.json_response([mail.told() for mail in found], dumps=partial(json.dumps, ensure_ascii=False))


async def _show(request: web.Request) -> web.Response:
    mail = _wanted(request)
    return _page("mail.html", mail=mail, parts=_linked(mail.text))


async def _show_html(request: web.Request) -> web.Response:
    text = f'<base target="_blank">{_wanted(request).html}'
    return web.Response(text=text, content_type="text/html", headers={"Content-Security-Policy": _MAIL_POLICY})


async def _show_source(request: web.Request) -> web.Response:
    return web.Response(body=_wanted(request).raw, content_type="text/plain", charset="utf-8")


def _wanted(request: web.Request) -> Caught:
    mail = request.app[_MAILBOX].find(int(request.match_info["number"]))
    if mail is None:
        raise web.HTTPNotFound(text="There is no such mail, or not any more.\n")
    return mail


def _linked(text: str) -> list[tuple[str, bool]]:
    """Split the text into pieces, and tell of each whether it is a link."""
    pieces, rest = [], text
    for link in links_in(text):
        before, _, rest = rest.partition(link)
        pieces += [(before, False), (link, True)]
    return [*pieces, (rest, False)]


def _page(name: str, **values: object) -> web.Response:
    return web.Response(text=_templates.get_template(name).render(**values), content_type="text/html")
