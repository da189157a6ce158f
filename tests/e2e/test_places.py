"""Addresses, links and names, in every way that an installation is reached: what must not depend on who asks how."""

import json
import re
from base64 import urlsafe_b64decode
from urllib.parse import urljoin

from tests.e2e.places import Place, everywhere, over_https
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
SPOOFED = {
    "X-Forwarded-For": "203.0.113.7, 127.0.0.1",
    "Forwarded": 'for=203.0.113.7;host=evil.example;proto=http;by="[::1]"',
    "X-Real-IP": "203.0.113.7",
    "X-Client-IP": "203.0.113.7",
    "CF-Connecting-IP": "203.0.113.7",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "ftp",
    "X-Forwarded-Prefix": "/evil",
    "X-Identity": "evil",
}


async def logged_address(place: Place, request_id: str) -> str:
    async def line() -> object:
        lines = place.stack.log("gateway")
        return next((each.get("client.ip") for each in lines if each.get("http.request.id") == request_id), None)

    return str(await eventually(line))


@everywhere
async def test_client_is_known_by_its_own_address_whatever_it_claims(visitor: Visitor, place: Place) -> None:
    """G10: in the log."""
    for headers in ({}, SPOOFED, {"X-Forwarded-For": "no address"}, {"X-Forwarded-For": ""}):
        reply = await visitor.call("GET", "/", headers=headers)
        assert reply.status == 200
        assert await logged_address(place, reply.headers["X-Request-Id"]) == visitor.address


@everywhere
async def test_client_has_one_bucket_whatever_it_claims_and_another_has_its_own(visitor: Visitor, place: Place) -> None:
    """G10: in the limiter."""
    left = []
    for number in range(4):
        claims = SPOOFED | {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": f"203.0.113.{number}"}
        left.append(int((await visitor.call("GET", "/", headers=claims)).headers["RateLimit-Remaining"]))
    assert left == [left[0] - number for number in range(4)]
    async with Visitor.at(place.url, **place.connecting) as other:
        assert int((await other.call("GET", "/")).headers["RateLimit-Remaining"]) == left[0]


@everywhere
async def test_names_that_a_request_brings_show_up_nowhere(visitor: Visitor, unique: str, place: Place) -> None:
    """A12, G5"""
    body = {"email": f"spoofed-{unique}@example.org", "password": "a long sentence is best"}
    headers = SPOOFED | {"Host": "evil.example"}
    made = await visitor.call("POST", "/v1/auth/register", json=body, headers=headers)
    pages = [await visitor.call("GET", path, headers=headers) for path in ("/", "/docs", "/openapi.json", "/nowhere")]
    assert made.status == 201
    for reply in (made, *pages):
        assert b"evil" not in reply.body
        assert not [value for value in reply.headers.values() if "evil" in value]
    claims = made.json()["access_token"].split(".")[1]
    assert json.loads(urlsafe_b64decode(claims + "=="))["iss"] == place.url


@everywhere
async def test_everything_that_a_page_links_to_is_there(visitor: Visitor, place: Place) -> None:
    for path, expected in (("/", 200), ("/docs", 200), ("/nowhere", 404)):
        page = await visitor.call("GET", path, headers=BROWSER)
        assert page.status == expected
        links = re.findall(r'(?:src|href|data-document)="([^"#][^"]*)"', page.body.decode())
        assert links
        for link in links:
            there = urljoin(place.url + path, link)
            assert there.startswith(place.url)
            followed = await visitor.call("GET", there.removeprefix(place.url), headers=BROWSER)
            assert followed.status == 200, link


@everywhere
async def test_location_is_where_the_file_is(ada: Visitor, place: Place) -> None:
    made = await ada.upload(b"here")
    there = urljoin(f"{place.url}/v1/files", made.headers["Location"])
    assert there.startswith(f"{place.url}/v1/files/")
    assert (await ada.call("GET", there.removeprefix(place.url))).status == 200


@everywhere
async def test_description_names_the_public_url(visitor: Visitor, place: Place) -> None:
    document = (await visitor.call("GET", "/openapi.json")).json()
    assert document["servers"] == [{"url": place.url}]
    page = (await visitor.call("GET", "/docs")).body.decode()
    assert f'data-server="{place.prefix or "/"}"' in page
    assert f"curl {place.url}/v1/auth/register" in (await visitor.call("GET", "/")).body.decode()


@everywhere
async def test_failure_of_a_service_shown_as_a_page_finds_its_stylesheet(ada: Visitor, place: Place) -> None:
    headers = ada.authorization() | BROWSER
    page = await ada.call("GET", "/v1/users/00000000-0000-7000-8000-000000000000", headers=headers)
    (stylesheet,) = re.findall(r'rel="stylesheet" href="([^"]*)"', page.body.decode())
    assert page.status == 404
    assert re.fullmatch(rf"{place.prefix}/assets/colonnade\.css\?v=\w+", stylesheet)
    assert (await ada.call("GET", stylesheet.removeprefix(place.prefix))).status == 200


@everywhere
async def test_only_https_is_promised_for_the_future(visitor: Visitor, place: Place) -> None:
    headers = (await visitor.call("GET", "/")).headers
    assert ("Strict-Transport-Security" in headers) == place.url.startswith("https:")


@everywhere
async def test_foreign_origins_read_nothing(visitor: Visitor, place: Place) -> None:
    """G24"""
    origins = ("null", "https://evil.example", f"{place.url}.evil.example", place.url)
    for origin in origins:
        answer = await visitor.call("GET", "/", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Origin" in ",".join(answer.headers.getall("Vary"))


@everywhere
async def test_large_page_comes_compressed(visitor: Visitor) -> None:
    headers = {"Accept-Encoding": "gzip"}
    document = await visitor.call("GET", "/openapi.json", headers=headers)
    assert document.headers["Content-Encoding"] == "gzip"
    assert int(document.headers["Content-Length"]) < len(document.body) / 3
    assert document.json()["openapi"]  # the client has unpacked it
    known = await visitor.call("GET", "/openapi.json", headers=headers | {"If-None-Match": document.headers["ETag"]})
    assert (known.status, known.body) == (304, b"")


@over_https
async def test_plain_http_leads_browsers_to_the_page_and_programs_nowhere(ada: Visitor, place: Place) -> None:
    """G20: not even by an odd path."""
    async with ada.session.get(f"{place.http}/docs?a=b", headers=BROWSER, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, f"{place.url}/docs?a=b")
        assert "Strict-Transport-Security" not in answer.headers
    async with ada.session.get(f"{place.http}/v1/users/me", headers=ada.authorization()) as answer:
        assert (answer.status, (await answer.json())["code"]) == (403, "https_required")
    for path in ("/docs%0d%0aX-Evil:%201", "/%2f%2fevil.example"):
        async with ada.session.get(place.http + path, headers=BROWSER, allow_redirects=False) as answer:
            assert answer.status == 400
            assert not {"Location", "X-Evil"} & set(answer.headers)
