import pytest

from auth_service.domain.devices import describe_device


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("unknown", ""),
        ("192.0.2.1, 198.51.100.2", ""),
    ],
)
def test_address_is_known_by_its_network_only(address: str, prefix: str) -> None:
    assert describe_device(address, "").address_prefix == prefix


def test_user_agent_is_cut_and_cleaned() -> None:
    agent = describe_device("", "Mozilla\r\n\0\udcff/5.0 " + "x" * 1000).user_agent
    assert agent.startswith("Mozilla/5.0 xx")
    assert len(agent) == 256
