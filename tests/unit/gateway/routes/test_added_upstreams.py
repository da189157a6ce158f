"""[upstreams.NAME]: those that a route file adds."""

import pytest

from tests.unit.gateway.routes.loading import LIMITS, ROUTE, UPSTREAMS, Load


def test_file_adds_upstreams_to_the_built_in_ones(load: Load) -> None:
    added = '[upstreams.notes]\nurl = "http://127.0.0.1:9000/"\n'
    table = load(LIMITS + added + ROUTE.replace("user_service", "notes"))
    assert table.upstreams == {**UPSTREAMS, "notes": "http://127.0.0.1:9000"}
    assert table.match("GET", "/v1/users").upstream == "notes"


def test_added_upstream_may_have_several_instances(load: Load) -> None:
    added = '[upstreams.notes]\nurl = "http://10.0.0.1:9000, http://10.0.0.2:9000/,http://10.0.0.1:9000"\n'
    assert load(LIMITS + added + ROUTE).upstreams["notes"] == "http://10.0.0.1:9000,http://10.0.0.2:9000"


def test_added_upstream_may_be_at_a_socket(load: Load) -> None:
    added = '[upstreams.notes]\nurl = "unix:///run/notes.sock, http://10.0.0.2:9000"\n'
    assert load(LIMITS + added + ROUTE).upstreams["notes"] == "unix:///run/notes.sock,http://10.0.0.2:9000"


@pytest.mark.parametrize(
    ("added", "line", "said"),
    [
        ('[upstreams.user_service]\nurl = "http://127.0.0.1:9000"', 2, "'user_service' is built in"),
        ('[upstreams.local]\nurl = "http://127.0.0.1:9000"', 1, "'local' is built in"),
        ('[upstreams.gateway]\nurl = "http://127.0.0.1:9000"', 1, "'gateway' is built in"),
        ('[upstreams.My-Notes]\nurl = "http://127.0.0.1:9000"', 1, "must be lower-case letters"),
        ("[upstreams.notes]", 1, "url is missing"),
        ('[upstreams.notes]\nurl = "https://127.0.0.1"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://127.0.0.1/notes"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://127.0.0.1:65536"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://127.0.0.1:0"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://me:secret@127.0.0.1"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://a\\r\\nX-Identity: b"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "http://"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "unix:///"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "unix:notes.sock"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "unix://notes/a.sock"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "unix:///a b.sock"', 2, "is not one such as"),
        ('[upstreams.notes]\nurl = "unix:////"', 2, "it must be an absolute path"),
        ('[upstreams.notes]\nurl = "unix:///a%00b"', 2, "it must be an absolute path"),
        (f'[upstreams.notes]\nurl = "unix:///{"a" * 107}"', 2, "bytes at most"),
        ('[upstreams.notes]\nurl = "http://a, ftp://b"', 2, "'ftp://b' is not one such as"),
        ('[upstreams.notes]\nurl = "http://a,"', 2, "'' is not one such as"),
        ('[upstreams.notes]\nurl = "http://h"\nport = 9000', 3, "unknown key 'port'"),
    ],
)
def test_bad_upstream_is_told_with_its_line(load: Load, added: str, line: int, said: str) -> None:
    """R12: and a name never stands for two programs, which could use what the gateway asserts to each other."""
    found = load.mistakes(f"{added}\n{LIMITS}{ROUTE}")
    assert [(at, said in message) for at, message in found] == [(line, True)]
