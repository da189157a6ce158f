"""HTML pages: one Jinja2 environment that escapes everything, one base template, one stylesheet."""

import hashlib
from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

from shared.web.pages.languages import ENGLISH, Language

HTML = "text/html; charset=utf-8"
_WEB = Path(__file__).parent.parent
STATIC = _WEB / "static"  # the stylesheet, the script and the icon, which the gateway serves under /assets/
_TEMPLATES = _WEB / "templates"


@cache
def page_templates(*folders: Path, language: Language = ENGLISH) -> Environment:
    """Return the environment that finds a template in the first of `folders` that has it, and the shared ones last."""
    loader = ChoiceLoader([FileSystemLoader(each) for each in (*folders, _TEMPLATES)])
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals |= {"asset": asset, "_": language.text, "language": language}
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
