import asyncio
from collections.abc import Iterator

import pytest

from auth_service.passwords import HashingSettings, PasswordHasher
from shared.errors import Unavailable
from shared.settings import Secret


def settings(pepper: str = "p" * 32, cost: int = 4, threads: int = 2, queue: int = 8) -> HashingSettings:
    return HashingSettings(Secret(pepper), cost=cost, threads=threads, queue=queue)


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    with PasswordHasher(settings()) as hasher:
        yield hasher


@pytest.mark.parametrize(
    ("password", "other"),
    [
        pytest.param("x" * 72 + "a", "x" * 72 + "b", id="a difference in byte 73"),
        pytest.param("x" * 128, "x" * 127, id="128 bytes and 127"),
        pytest.param("\U0001f600" * 64, "\U0001f600" * 63 + "\U0001f601", id="64 characters of four bytes"),
        pytest.param("before\0after", "before\0else", id="a difference behind NUL"),
        pytest.param("secret-1", "Secret-1", id="case"),
    ],
)
async def test_every_character_counts(hasher: PasswordHasher, password: str, other: str) -> None:
    """A7: bcrypt alone reads 72 bytes and stops at NUL."""
    stored = await hasher.hash(password)
    assert await hasher.verify(password, stored)
    assert not await hasher.verify(other, stored)


async def test_hash_is_salted_and_of_the_set_cost(hasher: PasswordHasher) -> None:
    first, second = await hasher.hash("same-password"), await hasher.hash("same-password")
    assert first != second
    assert first.startswith("$2b$04$")


async def test_hash_is_worth_nothing_without_the_pepper(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("same-password")
    with PasswordHasher(settings(pepper="q" * 32)) as other:
        assert not await other.verify("same-password", stored)


async def test_nobodys_password_is_always_wrong(hasher: PasswordHasher) -> None:
    """A8: an account that doesn't exist is verified against all the same."""
    assert not await hasher.verify("same-password", None)


async def test_more_than_the_queue_holds_is_shed_and_room_comes_back() -> None:
    """A27: at most threads + queue wait; the others hear so at once."""
    with PasswordHasher(settings(cost=10, threads=1, queue=2)) as small:
        results = await asyncio.gather(*(small.hash("password") for _ in range(10)), return_exceptions=True)
        shed = [result for result in results if isinstance(result, Unavailable)]
        assert len(shed) == 7
        assert shed[0].headers["Retry-After"] == "2"
        assert await small.hash("password")


async def test_a_caller_who_gives_up_frees_the_place() -> None:
    """A27: places taken by people who went away come back."""
    with PasswordHasher(settings(threads=1, queue=3)) as small:
        for _ in range(5):
            waiting = [asyncio.create_task(small.hash("password")) for _ in range(4)]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            async with asyncio.timeout(5):
                while not await _has_room(small):  # noqa: ASYNC110  a thread gives it back
                    await asyncio.sleep(0)


async def _has_room(hasher: PasswordHasher) -> bool:
    try:
        return bool(await hasher.hash("password"))
    except Unavailable:
        return False
