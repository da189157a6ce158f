"""G24: only listed origins may read answers, and no cache mixes them up."""

import pytest
from multidict import CIMultiDict

from gateway.edge.cors import Cors, is_header_name

APP = "https://app.example.org"
CORS = Cors([APP, "http://localhost:5173"])
STRANGERS = [
    None, "null", "", "https://app.example.org.evil.example", "https://evilapp.example.org", "http://app.example.org",
    "https://app.example.org:444", "https://APP.example.org", "https://app.example.org/", "*",
]  # fmt: skip


def preflight_from(origin: str) -> CIMultiDict[str]:
    return CIMultiDict({"origin": origin, "access-control-request-method": "PATCH"})


def test_listed_origin_may_read_answers() -> None:
    headers = dict(CORS.headers(APP))
    assert headers["Access-Control-Allow-Origin"] == APP
    assert "X-Request-Id" in headers["Access-Control-Expose-Headers"]
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in headers


@pytest.mark.parametrize("origin", STRANGERS)
def test_other_origins_may_not(origin: str | None) -> None:
    """G24: null, an evil suffix, an evil prefix and the like get no Access-Control-Allow-Origin, but Vary."""
    assert CORS.headers(origin) == [("Vary", "Origin")]


def test_preflight_of_a_listed_origin_is_told_what_it_may() -> None:
    asked = preflight_from(APP)
    assert CORS.is_preflight("OPTIONS", asked)
    headers = dict(CORS.preflight(asked, ["GET", "PATCH"]))
    assert headers["Access-Control-Allow-Origin"] == APP
    assert headers["Access-Control-Allow-Methods"] == "GET, PATCH"
    assert "Authorization" in headers["Access-Control-Allow-Headers"]
    assert headers["Vary"].startswith("Origin")


def test_foreign_page_may_use_tus() -> None:
    told = dict(CORS.preflight(preflight_from(APP), ["PATCH"]))["Access-Control-Allow-Headers"].split(", ")
    assert {"Tus-Resumable", "Upload-Offset", "Upload-Checksum", "Upload-Concat", "X-HTTP-Method-Override"} <= {*told}
    exposed = dict(CORS.headers(APP))["Access-Control-Expose-Headers"].split(", ")
    assert {"Location", "Content-Location", "Upload-Offset", "Upload-Expires", "Tus-Extension", "Tus-Max-Size"} <= {
        *exposed
    }


def test_headers_of_ones_own_are_allowed_and_exposed_beside_ours() -> None:
    own = Cors([APP], ["X-My-Header"], ["X-Total"])
    allowed = dict(own.preflight(preflight_from(APP), ["GET"]))["Access-Control-Allow-Headers"].split(", ")
    assert {"Authorization", "X-My-Header"} <= {*allowed}
    exposed = dict(own.headers(APP))["Access-Control-Expose-Headers"].split(", ")
    assert {"ETag", "X-Total"} <= {*exposed}


@pytest.mark.parametrize("name", ["X-My-Header", "x_y", "!#$%&'*+-.^`|~09"])
def test_header_name_is_a_token(name: str) -> None:
    assert is_header_name(name)


@pytest.mark.parametrize("name", ["", "*", "X My", "X-My:", "X-My\r\nX: y", "X-Mÿ", '"X"', "X/Y", "X-My\n"])
def test_what_is_no_token_or_means_all_is_no_header_name(name: str) -> None:
    assert not is_header_name(name)


@pytest.mark.parametrize("origin", [origin for origin in STRANGERS if origin is not None])
def test_preflight_of_another_origin_is_told_nothing(origin: str) -> None:
    """G24: the same for preflights."""
    assert [name for name, _ in CORS.preflight(preflight_from(origin), ["GET"])] == ["Vary"]


def test_answers_do_not_share_a_list() -> None:
    CORS.headers(APP).append(("X", "y"))
    assert ("X", "y") not in CORS.headers(APP)


@pytest.mark.parametrize("headers", [{"Origin": APP}, {"Access-Control-Request-Method": "GET"}, {}])
def test_plain_options_is_no_preflight(headers: dict[str, str]) -> None:
    assert not CORS.is_preflight("OPTIONS", CIMultiDict(headers))
    assert not CORS.is_preflight("POST", preflight_from(APP))


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "app.example.org", "https://app.example.org/", "https://APP.example.org", "https://a@b", "ftp://x"],
)
def test_configured_origin_must_be_one(origin: str) -> None:
    with pytest.raises(ValueError, match="not an origin"):
        Cors([origin])
