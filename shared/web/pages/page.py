"""What templates see: the page, its forms, and what was wrong with the one that was just sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.web.pages.notices import Notice


@dataclass(frozen=True, slots=True)
class Link:
    """`path` is without PUBLIC_URL's. `beyond` are pages that belong to it and don't lie below it."""

    path: str
    text: str
    beyond: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """What surrounds all pages of a service.

    `step_up` is where people prove anew that it is they, `sign_out` takes a form; the others are pages. Where signing
    out is another service's, `sign_out_page` has the form.
    """

    sign_in: str
    home: str
    navigation: tuple[Link, ...] = ()
    sign_out: str = ""
    sign_out_page: str = ""
    step_up: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A form that was refused: where it was sent, what was typed, and what is wrong, by field or else by sentences.

    `page` is the path of the page that it stands on, `code` the failure's.
    """

    action: str
    page: str = ""
    typed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    faults: Mapping[str, str] = field(default_factory=dict)
    alert: Sequence[str] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """`action` is what the browser sends to, `token` what our own forms are known by."""

    action: str
    token: str
    attempt: Attempt

    def value(self, name: str, default: str = "") -> str:
        """Return what was typed before, so that nobody types twice."""
        typed = self.attempt.typed.get(name, ())
        return typed[0] if typed else default

    def has(self, name: str, value: str, *, default: bool = False) -> bool:
        """Tell whether a box was ticked, or an option chosen."""
        return value in self.attempt.typed.get(name, ()) if self.attempt.typed else default

    def fault(self, name: str) -> str:
        return self.attempt.faults.get(name, "")


@dataclass(frozen=True, slots=True)
class Page:
    """`root` is PUBLIC_URL's path, `path` the page's below it, `query` its raw query. `who` is how a visitor who is
    signed in calls themselves, and none for others. `passkeys`: whether browsers use any at PUBLIC_URL.
    """

    root: str
    path: str
    query: str
    who: str | None
    frame: Frame
    attempt: Attempt | None
    notice: Notice | None
    message: str
    passkeys: bool
    issue_token: Callable[[], str]

    def form(self, action: str) -> Form:
        """Return the form that is sent to `action`; one to the page's own path, or below, keeps its query."""
        own = action == self.path or action.startswith(f"{self.path}/")
        query = f"?{self.query}" if self.query and own else ""
        sent = self.attempt is not None and self.attempt.action == action
        attempt = self.attempt if sent and self.attempt is not None else Attempt(action)
        return Form(f"{self.root}{action}{query}", self.issue_token(), attempt)

    def place_of(self, link: Link) -> str:
        """Return how a link of the navigation stands to this page, as aria-current has it: the page, or above it."""
        if link.path == self.path:
            return "page"
        links = [each for each in self.frame.navigation if each.path != self.frame.home]
        places = {place: each for each in links for place in (each.path, *each.beyond)}
        above = [place for place in places if f"{self.path}/".startswith(f"{place}/")]
        return "true" if above and link is places[max(above, key=len)] else ""

    def told(self, name: str) -> str | list[str]:
        """Return what the page before left to be shown this once; empty if it left nothing of that name."""
        return self.notice.shown.get(name, "") if self.notice is not None else ""
