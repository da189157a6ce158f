import pytest

from gateway.edge.hosts import Hosts

HOSTS = Hosts("https://app.example.org:8443/prefix", "https://files.example.net")


@pytest.mark.parametrize(
    ("host", "is_content"),
    [
        ("files.example.net", True),
        ("FILES.Example.NET", True),
        ("files.example.net.", True),
        ("files.example.net:443", True),
        ("files.example.net:8080", True),
        ("app.example.org:8443", False),
        ("app.example.org", False),
        ("xfiles.example.net", False),
        ("files.example.net.evil.example", False),
        ("files.example.ne", False),
        ("evil.files.example.net", False),
        ("127.0.0.1", False),
        ("[::1]:8080", False),
    ],
)
def test_second_name_is_known_at_every_port_and_however_it_is_spelt(host: str, *, is_content: bool) -> None:
    assert HOSTS.is_content(host) is is_content


def test_without_a_second_name_nothing_is_it() -> None:
    assert not Hosts("https://app.example.org").is_content("")
    assert not Hosts("https://app.example.org").is_content("files.example.net")


def test_services_are_told_the_name_that_is_configured() -> None:
    assert (HOSTS.told(content=False), HOSTS.told(content=True)) == ("app.example.org:8443", "files.example.net")
