"""What every page of a service has in common, from the cookies that come in to the headers that go out."""

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import web
from multidict import CIMultiDict

from shared.identity import Identity
from shared.web.context import CONTEXT
from shared.web.cookies import HostCookie
from shared.web.origins import origin_of, takes_passkeys
from shared.web.pages.answers import PageAnswer, SeeOther, View
from shared.web.pages.csrf import CsrfTokens, check_origin
from shared.web.pages.errors import StaleForm
from shared.web.pages.languages import ENGLISH, Language, choose_language
from shared.web.pages.notices import LIFETIME, Notices
from shared.web.pages.page import Attempt, Frame, Page
from shared.web.pages.templates import HTML, page_templates

_VISIT = re.compile(r"[A-Za-z0-9_-]{32}")
_FOREIGN = "This needs a cookie, and your browser sent none along. Allow them for this site and send the form again."
_OLD = "It was open for too long, or you signed in or out meanwhile. Nothing was changed; please send it again."


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in; `label` is what they call themselves."""

    identity: Identity
    label: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request for a page. `holder` names the one browser, in this one session, whose forms are its own.

    `visit` is the cookie by which a browser without a session is known, `is_new` whether it has yet to get it.
    """

    visitor: Visitor | None
    visit: str
    is_new: bool

    @property
    def holder(self) -> str:
        if self.visitor is not None:
            return f"session {self.visitor.identity.session_id}"
        return f"visit {self.visit}"


@dataclass(frozen=True, slots=True)
class PageSettings:
    """`recognise` tells who asks, none for nobody. `notices` are the texts that one page leaves for the next.

    `templates` are folders, those first that have the last word. `languages` by their codes.
    """

    public_url: str
    templates: tuple[Path, ...]
    csrf: CsrfTokens
    notices: Notices
    frame: Frame
    recognise: Callable[[web.Request], Awaitable[Visitor | None]]
    languages: Mapping[str, Language] = field(default_factory=dict)


class PageKit:
    def __init__(self, settings: PageSettings) -> None:
        self._settings = settings
        self._origin = origin_of(settings.public_url)
        self._passkeys = takes_passkeys(settings.public_url)
        self._root = urlsplit(settings.public_url).path.rstrip("/")
        self._visit = HostCookie.of(settings.public_url, "visit")
        self._languages = {ENGLISH.code: ENGLISH, **settings.languages}
        self._notice = HostCookie.of(settings.public_url, "notice")

    async def arrive(self, request: web.Request) -> Arrival:
        """Find out who asks; from here on the request is theirs."""
        visitor = await self._settings.recognise(request)
        if visitor is not None:
            request[CONTEXT].identity = visitor.identity
        visit = self._visit.read_one(request.headers.getall("Cookie", ()))
        if _VISIT.fullmatch(visit):
            return Arrival(visitor, visit, is_new=False)
        return Arrival(visitor, secrets.token_urlsafe(24), is_new=visitor is None)

    def check_origin(self, request: web.Request) -> None:
        """Raises CrossSiteForm."""
        check_origin(request.headers, self._origin)

    def check_token(self, arrival: Arrival, token: str) -> None:
        """Raises StaleForm."""
        if not self._settings.csrf.is_genuine(token, arrival.holder):
            raise StaleForm(_FOREIGN if arrival.is_new else _OLD)

    def lead_to_sign_in(self, path: str) -> web.Response:
        """Send on to sign in, and back to `path`, with its query, after that."""
        return self._lead(self._settings.frame.sign_in, path)

    def lead_to_step_up(self, path: str) -> web.Response:
        """Send on to prove anew who it is, and back."""
        return self._lead(self._settings.frame.step_up, path)

    def _lead(self, there: str, back: str) -> web.Response:
        return self._redirect(SeeOther(f"{there}?return_to={quote(back, safe='/')}" if back else there))

    def present(
        self, request: web.Request, arrival: Arrival, answer: PageAnswer, attempt: Attempt | None = None
    ) -> web.Response:
        if isinstance(answer, SeeOther):
            return self._redirect(answer)
        assert isinstance(answer, View)
        return self._show(request, arrival, answer, attempt)

    def _redirect(self, answer: SeeOther) -> web.Response:
        headers = CIMultiDict({"Location": answer.location, "Cache-Control": "no-store"})
        for cookie in answer.cookies:
            headers.add("Set-Cookie", cookie)
        if answer.notice is not None:
            headers.add("Set-Cookie", self._notice.set(self._settings.notices.seal(answer.notice), LIFETIME))
        return web.Response(status=303, headers=headers)

    def _show(self, request: web.Request, arrival: Arrival, view: View, attempt: Attempt | None) -> web.Response:
        left = self._notice.read_one(request.headers.getall("Cookie", ()))
        notice = self._settings.notices.open(left) if left and attempt is None else None
        page = Page(
            root=self._root,
            path=attempt.page if attempt is not None else request.path,
            query=request.rel_url.raw_query_string,
            who=arrival.visitor.label if arrival.visitor is not None else None,
            frame=self._settings.frame,
            attempt=attempt,
            notice=notice,
            message=self._settings.notices.messages[notice.code] if notice is not None else "",
            passkeys=self._passkeys,
            issue_token=lambda: self._settings.csrf.issue(arrival.holder),
        )
        language = choose_language(request.headers.get("Accept-Language", ""), self._languages)
        template = page_templates(*self._settings.templates, language=language).get_template(view.template)
        body = template.render(page=page, root=self._root, **view.values).encode()
        return web.Response(body=body, headers=self._headers(arrival, view, read_notice=bool(left)))

    def _headers(self, arrival: Arrival, view: View, *, read_notice: bool) -> CIMultiDict[str]:
        """The gateway adds the Content-Security-Policy of all pages, and more of the kind."""
        headers = CIMultiDict({"Content-Type": HTML, "Cache-Control": "no-store"})
        headers["Referrer-Policy"] = "no-referrer" if view.in_secret else "same-origin"
        if arrival.is_new:
            headers.add("Set-Cookie", self._visit.set(arrival.visit, None))
        if read_notice:
            headers.add("Set-Cookie", self._notice.clear())
        return headers


PAGE_KIT = web.AppKey("page_kit", PageKit)
