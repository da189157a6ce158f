"""What an installation calls itself, SITE_NAME, and its own templates for pages, PAGE_TEMPLATES."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings have a site in them
    from shared.settings import Env

PRODUCT = "Colonnade"
_LONGEST_NAME = 60  # characters: it stands in headers, titles, mails and lists of apps


@dataclass(frozen=True, slots=True)
class Site:
    """`templates` is a folder that is looked into before the built-in ones."""

    name: str = PRODUCT
    templates: Path | None = None

    def listed_as(self, host: str) -> str:
        """Return what tells it from others in an app or authenticator: where it has no name of its own, its host."""
        return host if self.name == PRODUCT else self.name


PLAIN = Site()  # the product's own look


def read_site(env: "Env") -> Site:
    return Site(read_name(env), _templates(env))


def read_name(env: "Env") -> str:
    """Return the name on one line, which holds nothing that can't be seen."""
    name = env.text("SITE_NAME", PRODUCT).strip()
    if not (1 <= len(name) <= _LONGEST_NAME and name.isprintable()):
        env.mistake(f"SITE_NAME must have 1 to {_LONGEST_NAME} characters that can be printed")
    return name


def _templates(env: "Env") -> Path | None:
    folder = env.text("PAGE_TEMPLATES", "")
    if folder and not Path(folder).is_dir():
        env.mistake("PAGE_TEMPLATES must be a folder")
    return Path(folder) if folder else None
