"""What the handler of a page returns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from shared.web.pages.notices import Notice


class PageAnswer:
    """One of the two below."""


@dataclass(frozen=True, slots=True)
class View(PageAnswer):
    """A template and what fills it. `in_secret`: the page's own address must be told to nobody, as it holds a token."""

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    in_secret: bool = False


@dataclass(frozen=True, slots=True)
class SeeOther(PageAnswer):
    """303: what a form does once it has succeeded, so that reloading doesn't send it again.

    `location` is a path without PUBLIC_URL's; the page there tells the `notice`. `cookies` are Set-Cookie values.
    """

    location: str
    notice: Notice | None = None
    cookies: Sequence[str] = ()
