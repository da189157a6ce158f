import pytest
from multidict import CIMultiDict

from gateway.edge.compression import accepts_gzip, compress_for

TEXT = {"Content-Type": "text/plain", "Content-Length": "5000"}


def answer(**changes: str | None) -> CIMultiDict[str]:
    named = {**TEXT, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return CIMultiDict([(name, value) for name, value in named.items() if value is not None])


def asked(**named: str) -> CIMultiDict[str]:
    return CIMultiDict({"Accept-Encoding": "gzip"} | {name.replace("_", "-"): value for name, value in named.items()})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("gzip", True),
        ("GZip", True),
        ("x-gzip", True),
        ("br, gzip;q=0.5", True),
        ("gzip ; q = 1.0", True),
        ("*", True),
        ("gzip;q=0.001", True),
        ("", False),
        ("br", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("identity;q=1, gzip;q=0.5", False),
        ("identity;q=0.5, gzip;q=0.5", True),
        ("gzip;q=many", False),
        ("gzip;q=-1", False),
        ("gzip;q=2", False),
        ("gzip;q=nan", False),
        ("gzip;q=", False),
        ("gzippy, notgzip", False),
    ],
)
def test_client_says_whether_it_takes_gzip(header: str, expected: bool) -> None:  # noqa: FBT001  a parameter of the test
    assert accepts_gzip(header) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Content_Length": None},
        {"Content_Type": "application/json"},
        {"Content_Type": "Application/Problem+JSON; charset=utf-8"},
        {"Content_Type": "image/svg+xml"},
        {"Content_Type": "text/html; charset=utf-8"},
        {"Cache_Control": "public, max-age=60"},
    ],
)
def test_public_text_is_compressed(changes: dict[str, str | None]) -> None:
    headers = answer(**changes)
    assert compress_for("GET", asked(), 200, headers)
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert "Content-Length" not in headers


def test_what_was_said_of_the_plain_bytes_is_not_said_any_more() -> None:
    headers = answer(ETag='"x"', Repr_Digest="sha-256=:x:", Accept_Ranges="bytes", Vary="Origin")
    assert compress_for("HEAD", asked(), 200, headers)
    assert headers["ETag"] == 'W/"x"'
    assert headers.getall("Vary") == ["Origin", "Accept-Encoding"]
    assert not {"Repr-Digest", "Accept-Ranges", "Content-Length"} & set(headers)


def test_weak_tag_stays_as_it_is() -> None:
    headers = answer(ETag='W/"x"')
    assert compress_for("GET", asked(), 200, headers)
    assert headers["ETag"] == 'W/"x"'


def test_client_that_takes_no_gzip_is_told_that_others_get_it() -> None:
    headers = answer(ETag='"x"')
    assert not compress_for("GET", asked(Accept_Encoding="br"), 200, headers)
    assert dict(headers) == TEXT | {"ETag": '"x"', "Vary": "Accept-Encoding"}


@pytest.mark.parametrize(
    ("method", "status", "request_changes", "changes"),
    [
        pytest.param("POST", 200, {}, {}, id="an answer to a form"),
        pytest.param("GET", 206, {}, {"Content_Range": "bytes 0-1/5000"}, id="a range"),
        pytest.param("GET", 304, {}, {}, id="not modified"),
        pytest.param("GET", 404, {}, {}, id="a failure"),
        pytest.param("GET", 200, {"Authorization": "Bearer x"}, {}, id="BREACH token"),
        pytest.param("GET", 200, {"Cookie": "a=b"}, {}, id="BREACH cookie"),
        pytest.param("GET", 200, {}, {"Set_Cookie": "a=b"}, id="BREACH new cookie"),
        pytest.param("GET", 200, {}, {"Cache_Control": "max-age=5, Private"}, id="private"),
        pytest.param("GET", 200, {}, {"Cache_Control": 'private="x"'}, id="private in part"),
        pytest.param("GET", 200, {}, {"Cache_Control": "no-store"}, id="no-store"),
        pytest.param("GET", 200, {}, {"Cache_Control": "no-transform"}, id="no-transform"),
        pytest.param("GET", 200, {}, {"Content_Encoding": "br"}, id="compressed already"),
        pytest.param("GET", 200, {}, {"Content_Type": "text/event-stream; charset=utf-8"}, id="events"),
        pytest.param("GET", 200, {}, {"Content_Type": "image/png"}, id="a picture"),
        pytest.param("GET", 200, {}, {"Content_Type": None}, id="unknown type"),
        pytest.param("GET", 200, {}, {"Content_Length": "2047"}, id="small"),
    ],
)
def test_nothing_else_is_compressed(
    method: str, status: int, request_changes: dict[str, str], changes: dict[str, str | None]
) -> None:
    headers = answer(**changes)
    before = list(headers.items())
    assert not compress_for(method, asked(**request_changes), status, headers)
    assert list(headers.items()) == before
