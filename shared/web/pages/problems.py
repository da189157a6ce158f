"""What people read of a failure: what it means for them, and how they go on. Programs read the problem document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from aiohttp import web

from shared.web.pages.languages import ENGLISH, TRANSLATIONS, Language, choose_language, read_language
from shared.web.pages.templates import page_templates

_SAFE = frozenset(("GET", "HEAD"))
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504, 507))
_UNTOUCHED = frozenset((429, 503))  # nothing has come of it for certain, so a form may simply be sent again
_WORST = 500


@dataclass(frozen=True, slots=True)
class Words:
    """In English, as `_` in templates takes them."""

    heading: str
    advice: str


_UNCLEAR = Words(
    "This can't be understood", "The address may be mistyped or cut off. Go back to where you came from, and try again."
)
_AWAY = Words("This can't be reached just now", "A part of this site is away for a moment.")
_BROKEN = Words(
    "Something went wrong on our side",
    "It wasn't your doing. If it stays like this, tell whoever runs this site, with what stands below.",
)
BY_STATUS = {
    401: Words("Sign in first", "This is for people who are signed in."),
    403: Words("This isn't open to you", "Should it be, ask whoever gave you the address, or whoever runs this site."),
    404: Words(
        "There is nothing here",
        "The address may be mistyped or cut off, or what was here is gone. A link that was revoked or has run out "
        "leads here too: whoever gave it to you can send another.",
    ),
    408: Words("That took too long", "The connection may be slow, or was away for a moment."),
    409: Words("This can't be done just now", "It has changed meanwhile. Go back, look at it again, and try then."),
    410: Words("This is gone", "It was here, and isn't any more. Whoever gave you the address may have another."),
    413: Words("This is too large", "Go back, and send less at once."),
    429: Words("That was too often", "So many tries in a short time are stopped, to protect everybody here."),
    431: Words("Your browser sends too much along", "Delete the cookies of this site, then try again."),
    502: _AWAY,
    503: _AWAY,
    504: _AWAY,
    507: Words("There is no room left", "Whoever runs this site has to make some."),
}
BY_CODE = {
    "cross_site_form": Words(
        "This form was sent from another site", "Nothing was done. Open its page here, and send it from there."
    ),
    "cross_site_request": Words(
        "This form was sent from another site", "Nothing was done. Open its page here, and send it from there."
    ),
}
UNKNOWN = (_UNCLEAR, _BROKEN)  # of any other 4xx, and of any other 5xx


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides how its failure is told. `instance` is its path, without the query."""

    instance: str
    accept: str = ""
    accept_language: str = ""
    method: str = "GET"


@cache
def shared_languages() -> Mapping[str, Language]:
    """Read when a page first needs them: most processes never show one."""
    return {ENGLISH.code: ENGLISH, "de": read_language("de", TRANSLATIONS / "de.toml")}


@dataclass(frozen=True, slots=True)
class ProblemPages:
    """`root` is the path of PUBLIC_URL. `words` are a service's own, by its errors' codes, which `languages` know."""

    root: str = ""
    words: Mapping[str, Words] = field(default_factory=dict)
    languages: Mapping[str, Language] | None = None  # none for those of the shared words

    def render(self, document: Mapping[str, Any], asked: Asked, wait: int) -> str:
        """Return the page about a problem's document; `wait` is in seconds, 0 where nobody knows."""
        status, sends = document["status"], asked.method not in _SAFE
        language = choose_language(asked.accept_language, self.languages or shared_languages())
        return (
            page_templates(language=language)
            .get_template("problem.html")
            .render(
                problem=document,
                root=self.root,
                words=self._words(document["code"], status),
                wait=_in_words(wait) if status in _PASSING else None,
                again=status in _PASSING and not sends,
                resend=status in _UNTOUCHED and sends,
                uncertain=status in _PASSING - _UNTOUCHED and sends,
            )
        )

    def _words(self, code: str, status: int) -> Words:
        known = self.words.get(code) or BY_CODE.get(code) or BY_STATUS.get(status)
        return known or UNKNOWN[status >= _WORST]


def _in_words(seconds: int) -> tuple[str, int]:
    """Return the unit of a wait, and how many of it, rounded up; none for one that is over by the time it is read."""
    for size, unit in ((3600, "hours"), (60, "minutes")):
        if seconds > 2 * size:
            return unit, -(-seconds // size)
    return ("seconds", seconds) if seconds > 2 else ("", 0)  # noqa: PLR2004  a moment


PROBLEM_PAGES = web.AppKey("problem_pages", ProblemPages)
