import json

import pytest

from shared.errors import Forbidden, NotFound, Unauthenticated, Unavailable, Violation
from shared.web.problem import prefers_html, render_problem
from tests.unit.shared.web.small_service import THING_ID, SmallService

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def test_problem_has_the_members_of_rfc_9457_and_ours() -> None:
    error = Forbidden("Not yours.", errors=[Violation("/name", "too long")])
    rendered = render_problem(error, accept="application/json", instance="/v1/things/1", request_id="request-1")
    assert rendered.status == 403
    assert rendered.headers == {"Content-Type": "application/problem+json", "Cache-Control": "no-store"}
    assert json.loads(rendered.body) == {
        "type": "urn:colonnade:problem:forbidden", "title": "This is not allowed", "status": 403,
        "detail": "Not yours.", "instance": "/v1/things/1", "code": "forbidden", "request_id": "request-1",
        "errors": [{"pointer": "/name", "detail": "too long"}],
    }  # fmt: skip


def test_detail_is_the_title_where_nobody_knows_more() -> None:
    rendered = render_problem(NotFound(), accept="", instance="/", request_id="r")
    document = json.loads(rendered.body)
    assert document["detail"] == document["title"]
    assert "errors" not in document


def test_headers_of_the_failure_are_kept() -> None:
    rendered = render_problem(Unavailable(retry_after=7), accept=BROWSER, instance="/", request_id="r")
    assert rendered.headers["Retry-After"] == "7"


def test_every_401_challenges_and_its_raiser_may_say_more() -> None:
    plain = render_problem(Unauthenticated(), accept="", instance="/", request_id="r")
    assert plain.headers["WWW-Authenticate"] == "Bearer"
    more = Unauthenticated(headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
    told = render_problem(more, accept="", instance="/", request_id="r")
    assert told.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (BROWSER, True),
        ("text/html", True),
        (" text/html;q=0.9", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, text/html", False),
        ("application/problem+json", False),
        ("text/htmlx", False),
        ("TEXT/HTML", True),
    ],
)
def test_browser_that_navigates_gets_a_page(accept: str, *, html: bool) -> None:
    assert prefers_html(accept) == html


async def test_page_shows_markup_as_text(service: SmallService) -> None:
    answer = await service.ask("DELETE", f"/v1/things/{THING_ID}", headers={"Accept": BROWSER})
    assert (answer.status, answer.content_type, answer.charset) == (409, "text/html", "utf-8")
    page = await answer.text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(" in page
    assert "thing_locked" in page
    assert '<a href="/">' in page  # no dead end
    assert answer.headers["X-Request-Id"] in page


async def test_program_gets_the_same_failure_as_json(service: SmallService) -> None:
    answer = await service.ask("DELETE", f"/v1/things/{THING_ID}")
    document = await answer.json()
    assert document["detail"].startswith("<script>")
    assert document["instance"] == f"/v1/things/{THING_ID}"
    assert document["errors"] == [{"pointer": "/name", "detail": "is <b>bold</b>"}]
