"""Templates hold what a strict policy allows, and no form without its token."""

import re
from pathlib import Path

import pytest

from auth_service.routes.pages import FRAME as AUTH_FRAME
from auth_service.routes.pages import PAGES as AUTH_PAGES
from file_service.routes.pages import FRAME as FILE_FRAME
from file_service.routes.pages import PAGES as FILE_PAGES
from shared.web.pages.navigation import NAVIGATION
from shared.web.pages.page import Frame
from tests.stores import ROOT
from user_service.pages.routes import FRAME as USER_FRAME
from user_service.pages.routes import PAGES as USER_PAGES

_FOLDERS = (
    "shared/web",
    "gateway/pages",
    "auth_service/templates",
    "file_service/templates",
    "user_service/templates",
)  # mails are another matter
TEMPLATES = sorted(path for folder in _FOLDERS for path in (ROOT / folder).rglob("*.html"))
PAGE_TEMPLATES = [path for path in TEMPLATES if '"page.html"' in path.read_text(encoding="utf-8")]
PAGES = (*AUTH_PAGES, *FILE_PAGES, *USER_PAGES)
FORMS = ROOT / "shared" / "web" / "templates" / "forms.html"
STYLESHEET = (ROOT / "shared" / "web" / "static" / "colonnade.css").read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_nothing_is_inline_and_nothing_is_left_unescaped(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|<script(?![^>]*\ssrc=)|\son\w+=|\sstyle=|javascript:", text)
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", text)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text)


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path != FORMS], ids=name)
def test_forms_begin_in_one_place(path: Path) -> None:
    assert "<form" not in path.read_text(encoding="utf-8")


def test_that_place_sends_the_token() -> None:
    begun = FORMS.read_text(encoding="utf-8").split("<form")[1:]
    assert begun
    for form in begun:
        assert form.splitlines()[1] == '<input type="hidden" name="csrf_token" value="{{ form.token }}">'


@pytest.mark.parametrize("path", PAGE_TEMPLATES, ids=name)
def test_every_form_of_a_template_is_taken_by_a_route(path: Path) -> None:
    taken = {re.sub(r"{\w+}", "", route.path) for route in PAGES if route.method == "POST"}
    for written in re.findall(r"page\.form\(([^)]*)\)", path.read_text(encoding="utf-8")):
        if "frame" not in written:
            written_path = "".join(re.findall(r'"([^"]*)"', written))
            assert written_path in taken or "path ~" in written


@pytest.mark.parametrize("path", PAGE_TEMPLATES, ids=name)
def test_every_page_has_one_heading(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("{% block heading %}") == 1
    assert "<h1" not in text.partition("{% block content %}")[2]


@pytest.mark.parametrize("frame", [AUTH_FRAME, FILE_FRAME, USER_FRAME], ids=["account", "files", "profile"])
def test_navigation_is_the_same_everywhere_and_leads_to_pages(frame: Frame) -> None:
    shown = {route.path for route in PAGES if route.method == "GET"}
    assert frame.navigation == NAVIGATION
    assert {place for link in NAVIGATION for place in (link.path, *link.beyond)} | {frame.home, frame.sign_in} <= shown
    assert frame.sign_out_page in {"", *shown}
    assert frame.sign_out in {"", *(route.path for route in PAGES if route.method == "POST")}


def test_stylesheet_fetches_nothing() -> None:
    assert not re.search(r"@import|url\(|@font-face", STYLESHEET)
