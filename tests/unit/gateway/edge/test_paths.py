"""G11: one canonical path is both authorised and forwarded; whatever could be read in two ways is refused."""

import string
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.paths import BadPath, canonical_path

PIECES = st.sampled_from(
    ["/", "/", "a", "users", ".", "..", "%2e", "%2F", "%41", "%7e", "%c3%a9", "%25", "%00", ";", "\\", "~", "%", "%e9"]
)
PATHS = st.one_of(
    st.lists(PIECES).map("".join),
    st.lists(PIECES).map(lambda pieces: "/" + "".join(pieces)),
    st.text(),
    st.text(alphabet=string.printable).map("/".__add__),
)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/v1/../admin", id="dot-dot segment"),
        pytest.param("/..", id="dot-dot at the end"),
        pytest.param("/./v1", id="dot segment"),
        pytest.param("/v1/%2e%2e/admin", id="encoded dots"),
        pytest.param("/v1/%2E./admin", id="half-encoded dots"),
        pytest.param("/v1/a%2eb", id="encoded dot inside a name"),
        pytest.param("/v1%2fusers", id="encoded slash"),
        pytest.param("/v1//users", id="empty segment"),
        pytest.param("//v1", id="empty first segment"),
        pytest.param("/v1/users;admin=1", id="path parameter"),
        pytest.param("/v1/users%3badmin", id="encoded path parameter"),
        pytest.param("/v1\\users", id="backslash"),
        pytest.param("/v1%5cusers", id="encoded backslash"),
        pytest.param("/v1/%00", id="NUL"),
        pytest.param("/v1/%0a", id="line feed"),
        pytest.param("/v1/%7f", id="delete"),
        pytest.param("/v1/%c2%85", id="C1 control"),
        pytest.param("/v1/\x01", id="raw control"),
        pytest.param("/v1/%252e%252e/", id="double encoding"),
        pytest.param("/v1/%3fid=1", id="encoded question mark"),
        pytest.param("/v1/%23x", id="encoded hash"),
        pytest.param("/v1?x", id="query"),
        pytest.param("/v1#x", id="fragment"),
        pytest.param("/v1/%e9", id="Latin-1"),
        pytest.param("/v1/%c0%ae", id="overlong UTF-8"),
        pytest.param("/v1/%ed%a0%80", id="lone surrogate"),
        pytest.param("/v1/é", id="raw non-ASCII"),
        pytest.param("/v1/a b", id="raw space"),
        pytest.param("/v1/%", id="percent alone"),
        pytest.param("/v1/%4", id="half an encoding"),
        pytest.param("/v1/%zz", id="no hex digits"),
        pytest.param("/v1/%\uff14\uff11", id="Unicode digits"),
        pytest.param("http://evil.example/v1", id="absolute form"),
        pytest.param("*", id="asterisk form"),
        pytest.param("v1", id="relative"),
        pytest.param("", id="empty"),
    ],
)
def test_ambiguous_path_is_refused(path: str) -> None:
    with pytest.raises(BadPath) as refused:
        canonical_path(path)
    assert (refused.value.status, refused.value.code) == (400, "bad_path")


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/", "/"),
        ("/v1/users/", "/v1/users/"),
        ("/.well-known/jwks.json", "/.well-known/jwks.json"),
        ("/v1/...", "/v1/..."),
        ("/v1/%75sers", "/v1/users"),
        ("/v1/%7E%2d%5f", "/v1/~-_"),
        ("/v1/a%20b%3a", "/v1/a%20b%3A"),
        ("/v1/%c3%a9", "/v1/%C3%A9"),
        ("/v1/@me:x,y&z=1", "/v1/@me:x,y&z=1"),
    ],
)
def test_harmless_encoding_has_one_form(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical


@given(PATHS)
def test_canonical_path_is_safe_and_canonical_already(path: str) -> None:
    try:
        canonical = canonical_path(path)
    except BadPath:
        return
    assert canonical_path(canonical) == canonical
    assert canonical.isascii()
    assert unquote(canonical, errors="strict") == unquote(path, errors="strict")
    segments = unquote(canonical).split("/")
    assert not {".", ".."}.intersection(segments)
    assert "" not in segments[1:-1]
    assert not set("%;\\?#").intersection(unquote(canonical))
    assert len(segments) == canonical.count("/") + 1
