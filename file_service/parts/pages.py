"""What the pages rest on."""

from pathlib import Path

from aiohttp import web

from file_service.handlers.pages.notices import MESSAGES
from file_service.handlers.pages.problems import WORDS
from file_service.routes.pages import FRAME
from shared.identity import Signer
from shared.serve import Apps
from shared.web.pages.asserted import recognise
from shared.web.pages.csrf import CsrfTokens
from shared.web.pages.kit import PAGE_KIT, PageKit, PageSettings
from shared.web.pages.languages import ENGLISH, TRANSLATIONS, read_language
from shared.web.pages.notices import Notices
from shared.web.pages.problems import PROBLEM_PAGES, ProblemPages
from shared.web.public_url import root_of

_PACKAGE = Path(__file__).parents[1]
TEMPLATES = _PACKAGE / "templates"
GERMAN = read_language("de", TRANSLATIONS / "de.toml", _PACKAGE / "translations" / "de.toml")


def serve_pages(apps: Apps, signer: Signer, public_url: str) -> None:
    """Give the application what its pages rest on. Their keys follow from the program's own, which replicas share."""
    assert isinstance(apps.public, web.Application)
    apps.public[PAGE_KIT] = PageKit(
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
    languages = {ENGLISH.code: ENGLISH, GERMAN.code: GERMAN}
    apps.public[PROBLEM_PAGES] = ProblemPages(root_of(apps.public), WORDS, languages)
