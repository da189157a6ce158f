"""What a mail says: Jinja2 templates on disk, in text and in HTML; an operator's folder may replace each."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError, select_autoescape

from auth_service.domain.languages import DEFAULT, LANGUAGES
from auth_service.mail.orders import MailOrder, Template
from shared.site import PRODUCT

BUILT_IN = Path(__file__).with_name("templates")
_SUBJECT = "Subject:"
EXAMPLES = {
    "link": "https://example.org/account/example?token=colt_example",
    "code": "1234 5678",
    "new_email": "new.address@example.org",
    "device": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "network": "192.0.2.0/24",
    "factor": "passkey",
    "factors": "2",
    "identities": "1",
    "provider": "example",
    "by": "owner",
}


class BadTemplate(Exception):
    """A template can't be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


class MailTemplates:
    """Looks in `folder` first. What a language lacks is said in English."""

    def __init__(self, public_url: str, folder: Path | None = None, site_name: str = PRODUCT) -> None:
        self._common = {"public_url": public_url, "site_name": site_name}
        self._environment = _environment(folder, BUILT_IN) if folder else _built_in()

    def write(self, order: MailOrder) -> Written:
        """Fill in both forms. Raises BadTemplate."""
        names = [f"{language}/{order.template}" for language in dict.fromkeys((order.language, DEFAULT))]
        values = order.values | self._common | {"to": order.to, "at": order.at}
        try:
            text = self._environment.select_template([f"{name}.txt" for name in names]).render(values)
            html = self._environment.select_template([f"{name}.html" for name in names])
            subject, body = _split(text)
            return Written(subject, body, html.render(values | {"subject": subject, "language": order.language}))
        except (TemplateError, UnicodeDecodeError, BadTemplate) as exc:
            raise BadTemplate(f"{names[0]}: {type(exc).__name__} {exc}") from exc

    def check(self) -> None:
        """Write every mail once, so that a mistake shows when the program starts. Raises BadTemplate."""
        for order in example_orders():
            self.write(order)


def _environment(*folders: Path) -> Environment:
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def _built_in() -> Environment:
    """Return ours, which are compiled once however many services a process composes."""
    return _environment(BUILT_IN)


def example_orders() -> list[MailOrder]:
    """Return one of each mail in each language, with examples filled in."""
    return [
        MailOrder(template, "ada@example.org", language, "2026-11-25 14:20 UTC", dict(EXAMPLES))
        for language in LANGUAGES
        for template in Template
    ]


def _split(text: str) -> tuple[str, str]:
    """Take the subject off the text; whatever was filled in, it is one line."""
    first, _, rest = text.lstrip().partition("\n")
    if not first.startswith(_SUBJECT):
        raise BadTemplate(f"its first line must begin with {_SUBJECT!r}")
    return " ".join(first.removeprefix(_SUBJECT).split()), rest.strip("\n") + "\n"
