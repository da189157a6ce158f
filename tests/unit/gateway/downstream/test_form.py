"""Whatever Host is let through can be read by all who come after."""

from contextlib import suppress
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

from gateway.downstream.form import check_host
from gateway.downstream.request import Head
from gateway.edge.hosts import Hosts
from gateway.errors import BadHost

HOSTS = Hosts("https://app.example.org", "https://files.example.net")


def named(host: str) -> Head:
    return cast(Head, cast(Any, SimpleNamespace(headers=CIMultiDict({"Host": host}))))


@pytest.mark.parametrize(
    "host", ["h", "H.example.", "h:8080", "127.0.0.1", "[::1]", "[::1]:8080", "[2001:DB8::1]", "[::ffff:192.0.2.1]"]
)
def test_names_and_addresses_are_let_through(host: str) -> None:
    check_host(named(host))


@pytest.mark.parametrize(
    "host", ["", "h:", "h:123456", "h/x", "u@h", "::1", "[]", "[1]", "[::::]", "[1.2.3.4]", "[v1.a]", "[::1", "[::1]x"]
)
def test_what_is_neither_is_refused(host: str) -> None:
    """G5"""
    with pytest.raises(BadHost):
        check_host(named(host))


@given(st.from_regex(r"\[?[0-9a-fg:.~-]{0,12}\]?(:[0-9]{1,5})?", fullmatch=True))
@example("[1]")
def test_what_is_let_through_can_be_told_from_the_second_name(host: str) -> None:
    """G5"""
    with suppress(BadHost):
        check_host(named(host))
        assert not HOSTS.is_content(host)
