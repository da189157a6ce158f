"""HTML pages: one Jinja2 environment that escapes everything, one base template, one stylesheet."""

from functools import cache
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

HTML = "text/html; charset=utf-8"
STATIC = Path(__file__).parent / "static"  # the stylesheet and the icon, which the gateway serves under /assets/
_TEMPLATES = Path(__file__).parent / "templates"


@cache
def page_templates(folder: Path | None = None) -> Environment:
    """Return the environment that finds `folder`'s templates first and the shared ones after."""
    folders = [folder, _TEMPLATES] if folder else [_TEMPLATES]
    loader = ChoiceLoader([FileSystemLoader(each) for each in folders])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def render_page(template: str, *, folder: Path | None = None, **values: object) -> str:
    """Return the filled template. Values are escaped; markup in them shows as text."""
    return page_templates(folder).get_template(template).render(**values)
