"""HTML pages: one Jinja2 environment that escapes everything, one base template, one stylesheet."""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined, TemplateError

from shared.site import PLAIN, Site
from shared.web.pages.languages import ENGLISH, Language

HTML = "text/html; charset=utf-8"
_WEB = Path(__file__).parent.parent
STATIC = _WEB / "static"  # the stylesheet, the script and the icon, which the gateway serves under /assets/
_TEMPLATES = _WEB / "templates"


class BadPageTemplate(Exception):
    """A template of the operator's can't be used; the message says which and why."""


@dataclass(slots=True)
class _Look:
    site: Site = PLAIN


_look = _Look()  # of all pages that this process shows


def dress(site: Site) -> None:
    """Show every page from now on as `site` has it: once, as the program starts. Raises BadPageTemplate."""
    _look.site = site
    if site.templates is None:
        return
    environment, own = page_templates(), FileSystemLoader(site.templates, followlinks=True)
    for name in (each for each in own.list_templates() if each.endswith(".html")):
        try:
            environment.get_template(name)
        except (TemplateError, UnicodeDecodeError) as exc:
            raise BadPageTemplate(f"PAGE_TEMPLATES {name}: {exc}") from exc


def site_name() -> str:
    return _look.site.name


def page_templates(*folders: Path, language: Language = ENGLISH) -> Environment:
    """Return the environment that finds a template in the first of `folders` that has it, and the shared ones last.

    The folder of the operator comes before all of them.
    """
    return _environment(_look.site, folders, language)


@cache
def _environment(site: Site, folders: tuple[Path, ...], language: Language) -> Environment:
    own = (site.templates,) if site.templates is not None else ()
    loader = ChoiceLoader([FileSystemLoader(each) for each in (*own, *folders, _TEMPLATES)])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"asset": asset, "_": language.text, "language": language, "site_name": site.name}
    environment.filters["combine"] = lambda first, second: {**first, **second}
    return environment


def render_page(template: str, *, folder: Path | None = None, **values: object) -> str:
    """Return the filled template. Values are escaped; markup in them shows as text."""
    folders = (folder,) if folder else ()
    return page_templates(*folders).get_template(template).render(**values)


@cache
def asset(name: str) -> str:
    """Return the path of one of our static files; it changes with the file, so that no browser keeps an old one."""
    return f"/assets/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:8]}"
