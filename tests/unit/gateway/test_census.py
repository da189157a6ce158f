from prometheus_client import REGISTRY

from gateway.census import Census


def figures() -> tuple[float | None, ...]:
    names = ("requests", "addresses", "requests_commonest_address", "users_commonest_address")
    return tuple(REGISTRY.get_sample_value(f"gateway_recent_{name}") for name in names)


def test_nobody_yet_is_nobody() -> None:
    _census = Census()
    assert figures() == (0, 0, 0, 0)


def test_commonest_address_is_told_by_requests_and_users() -> None:
    census = Census()
    for address, user in (("a", "1"), ("b", "2"), ("a", "3"), ("a", ""), ("a", "1")):
        census.note(address, user)
    assert figures() == (5, 2, 4, 2)


def test_only_the_last_requests_count() -> None:
    census = Census(looked_back=3)
    for address in "aaaabcb":
        census.note(address, "")
    assert figures() == (3, 2, 2, 0)
