"""An installation's own name, and its own templates, on every page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.pages.pages import Pages
from shared.settings import Env, SettingsError
from shared.site import PLAIN, Site, read_site
from shared.web.pages.templates import BadPageTemplate, dress, render_page
from tests.unit.shared.web.small_service import SmallService

MARKUP = "Ada & <b>Sons</b>"


@pytest.fixture(autouse=True)
def _undressed() -> Iterator[None]:
    yield
    dress(PLAIN)


async def error_page(service: SmallService) -> str:
    return await (await service.ask("GET", "/nowhere", headers={"Accept": "text/html"})).text()


async def read(path: str) -> str:
    async def fetch(_upstream: str) -> dict[str, object]:
        return {"paths": {}}

    answer = await Pages("https://api.example.org", fetch, ["users"]).answer(path, {})
    assert answer is not None
    return answer.body.decode()


async def test_error_page_bears_the_products_name_unless_there_is_another(service: SmallService) -> None:
    assert " · Colonnade</title>" in await error_page(service)
    dress(Site(MARKUP))
    page = await error_page(service)
    assert " · Ada &amp; &lt;b&gt;Sons&lt;/b&gt;</title>" in page
    assert "\nAda &amp; &lt;b&gt;Sons&lt;/b&gt;</a>" in page
    assert "Colonnade" not in page


@pytest.mark.parametrize(
    ("path", "told"),
    [("/", "<h1>Ada</h1>"), ("/docs", "API reference · Ada</title>"), ("/openapi.json", '"title":"Ada"')],
)
async def test_gateway_shows_it_too(path: str, told: str) -> None:
    dress(Site("Ada"))
    page = await read(path)
    assert told in page
    assert "Colonnade" not in page


async def test_folder_of_the_operator_goes_first_file_by_file(service: SmallService, tmp_path: Path) -> None:
    (tmp_path / "problem.html").write_text("<p>{{ site_name }}</p>", encoding="utf-8")
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    dress(Site(MARKUP, tmp_path))
    assert await error_page(service) == "<p>Ada &amp; &lt;b&gt;Sons&lt;/b&gt;</p>"
    assert "<header" in render_page("base.html")


async def test_folder_of_the_operator_may_have_another_front_page(tmp_path: Path) -> None:
    (tmp_path / "landing.html").write_text("{% extends 'base.html' %}{% block main %}Welcome{% endblock %}")
    dress(Site("Ada", tmp_path))
    assert "\nWelcome</main>" in await read("/")


@pytest.mark.parametrize("text", [b"{% if %}", b"{{ x|nosuchfilter }}", b"\xff"])
def test_template_with_a_mistake_is_refused_by_name(tmp_path: Path, text: bytes) -> None:
    """Also where a folder is but a link to one, as mounted ConfigMaps are."""
    (tmp_path / "mounted").mkdir()
    (tmp_path / "mounted" / "email.html").write_bytes(text)
    own = tmp_path / "own"
    own.mkdir()
    (own / "account").symlink_to(tmp_path / "mounted")
    with pytest.raises(BadPageTemplate, match=r"PAGE_TEMPLATES account/email\.html"):
        dress(Site("Ada", own))


def test_settings_are_read_and_trimmed(tmp_path: Path) -> None:
    env = Env({"SITE_NAME": "  Åda: „Söhne“ & 日本  ", "PAGE_TEMPLATES": str(tmp_path)})
    assert read_site(env) == Site("Åda: „Söhne“ & 日本", tmp_path)
    env.check()
    assert read_site(Env({})) == PLAIN


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(
            ("SITE_NAME", value)
            for value in (" ", "a" * 61, "a\nBcc: d@e.f", "a\x00b", "a\u202eb", "a\u2028b", "a\ud800")
        ),
        ("PAGE_TEMPLATES", "/no/such/folder"),
    ],
)
def test_wrong_setting_is_told_by_its_name(variable: str, value: str) -> None:
    env = Env({variable: value})
    read_site(env)
    with pytest.raises(SettingsError, match=variable):
        env.check()


def test_lists_of_many_installations_show_a_name_of_ones_own_or_the_host() -> None:
    assert PLAIN.listed_as("c.example.org") == "c.example.org"
    assert Site("Ada").listed_as("c.example.org") == "Ada"
