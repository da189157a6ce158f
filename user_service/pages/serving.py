"""What the page rests on."""

from pathlib import Path

from aiohttp import web

from shared.identity import Signer
from shared.web.pages.asserted import recognise
from shared.web.pages.csrf import CsrfTokens
from shared.web.pages.kit import PAGE_KIT, PageKit, PageSettings
from shared.web.pages.languages import TRANSLATIONS, read_language
from shared.web.pages.notices import Notices
from user_service.pages.handlers import MESSAGES
from user_service.pages.routes import FRAME

_PACKAGE = Path(__file__).parents[1]
TEMPLATES = _PACKAGE / "templates"
GERMAN = read_language("de", TRANSLATIONS / "de.toml", _PACKAGE / "translations" / "de.toml")


def serve_pages(app: web.Application, signer: Signer, public_url: str) -> None:
    """Give the application what its page rests on. Its keys follow from the program's own, which replicas share."""
    app[PAGE_KIT] = PageKit(
        PageSettings(
            public_url=public_url,
            templates=(TEMPLATES,),
            csrf=CsrfTokens(*signer.derive_keys("page forms")),
            notices=Notices.of(signer.derive_keys("page notices"), MESSAGES),
            frame=FRAME,
            recognise=recognise,
            languages={GERMAN.code: GERMAN},
        )
    )
