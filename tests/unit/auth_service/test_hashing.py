import asyncio
import threading
import time
from collections.abc import Iterator
from functools import partial

import bcrypt
import pytest

from auth_service.hashing.pool import Checked, HashingPool, Question
from auth_service.hashing_queue import HashingQueue
from auth_service.password_hashes import accept
from auth_service.passwords import HashingSettings, PasswordHasher
from shared.errors import Unavailable
from shared.settings import Secret
from tests.hashing import counted_rounds
from tests.told import Grown, told
from tests.unit.auth_service.foreign_hashes import FOREIGN, PASSWORD


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


async def test_nobody_waits_for_longer_than_is_said_before_they_are_told_to_come_back() -> None:
    """A27: the newest are refused at once, as soon as it is known how long the others will take."""
    queue = HashingQueue(threads=1, places=1000, patience=0.5)
    await queue.run(partial(time.sleep, 0.1))
    started = time.perf_counter()

    async def one() -> tuple[bool, float]:
        try:
            await queue.run(partial(time.sleep, 0.1))
        except Unavailable:
            return False, time.perf_counter() - started
        return True, time.perf_counter() - started

    outcomes = await asyncio.gather(*(one() for _ in range(50)))
    queue.close()
    assert 4 <= sum(done for done, _ in outcomes) <= 12
    assert max(seconds for done, seconds in outcomes if not done) < 0.5


async def test_waiting_ends_even_where_the_average_was_wrong() -> None:
    """A27: every hash takes far longer than those before it did."""
    queue = HashingQueue(threads=1, places=10, patience=0.2)
    release = threading.Event()
    slow = asyncio.create_task(queue.run(release.wait))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await queue.run(time.time)
    release.set()
    assert await slow
    queue.close()


async def test_passwords_being_hashed_and_those_that_wait_are_told() -> None:
    queue = HashingQueue(threads=1, places=10)
    grown = Grown("auth_password_hashing_wait_seconds_count", "auth_password_hash_seconds_count")
    release = threading.Event()
    tasks = [asyncio.create_task(queue.run(release.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    assert told("auth_password_hashing_threads") == 1
    assert (told("auth_password_hashing_busy"), told("auth_password_hashing_waiting")) == (1, 2)
    release.set()
    assert await asyncio.gather(*tasks) == [True] * 3
    assert grown["auth_password_hashing_wait_seconds_count"] == 2
    assert grown["auth_password_hash_seconds_count"] == 3
    assert told("auth_password_hashing_waiting") == 0
    queue.close()


async def test_no_more_than_two_are_verified_at_once_that_take_much_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A27: up to 128 MiB each."""
    at_once: list[str | None] = []
    most = {"argon2id": 0, "Django pbkdf2": 0}

    def check(_pool: HashingPool, question: Question) -> Checked:
        at_once.append(question.stored)
        time.sleep(0.02)
        name = next(each for each in most if accept(FOREIGN[each]) == question.stored)
        most[name] = max(most[name], len(at_once))
        at_once.remove(question.stored)
        return Checked(right=0)

    monkeypatch.setattr(HashingPool, "check", check)
    with PasswordHasher(settings(threads=4)) as hasher:
        for name in most:
            stored = accept(FOREIGN[name])
            assert all(await asyncio.gather(*(hasher.verify(PASSWORD, stored) for _ in range(8))))
    assert most == {"argon2id": 2, "Django pbkdf2": 4}


async def test_password_leaves_for_other_systems_hashes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process is told isn't worth more than it has to be."""
    told: list[str] = []

    def check(_pool: HashingPool, question: Question) -> Checked:
        told.extend(question.candidates)
        return Checked()

    with PasswordHasher(settings(pepper=f"{'p' * 32},{'q' * 32}")) as hasher:
        stored = await hasher.hash(PASSWORD)
        monkeypatch.setattr(HashingPool, "check", check)
        await hasher.verify(PASSWORD, stored)
        await hasher.verify(PASSWORD, None)
        assert len(told) == 4
        assert not any(PASSWORD in each for each in told)
        await hasher.verify(PASSWORD, accept(FOREIGN["argon2id"]))
        assert told[4:] == [PASSWORD]


async def _has_room(hasher: PasswordHasher) -> bool:
    try:
        return bool(await hasher.hash("password"))
    except Unavailable:
        return False


@pytest.mark.parametrize("name", FOREIGN)
async def test_hash_of_another_system_is_verified_and_outdated(hasher: PasswordHasher, name: str) -> None:
    stored = accept(FOREIGN[name])
    assert await hasher.verify(PASSWORD, stored)
    assert not await hasher.verify(PASSWORD + "!", stored)
    assert hasher.is_outdated(stored)


async def test_hash_of_a_lower_cost_is_outdated_and_one_of_a_higher_is_not(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("same-password")
    assert not hasher.is_outdated(stored)
    with PasswordHasher(settings(cost=5)) as dearer, PasswordHasher(settings(cost=4)) as same:
        assert dearer.is_outdated(stored)
        assert await dearer.verify("same-password", stored)
        assert not same.is_outdated(await dearer.hash("same-password"))


@pytest.mark.parametrize("stored", ["", "changed", "$2b$", "$2b$xx$", "$2b$04$short", "argon2$", "\u0130"])
async def test_what_is_no_hash_is_nobodys_password(hasher: PasswordHasher, stored: str) -> None:
    """What a hand wrote into the database costs its owner a login, and not the operator an outage."""
    assert not await hasher.verify("same-password", stored)


async def test_foreign_password_is_taken_exactly_as_it_came_and_ours_composed(hasher: PasswordHasher) -> None:
    """The other system knew nothing of our normal form."""
    typed = "cafe\u0301 au lait"
    digest = bcrypt.hashpw(typed.encode(), bcrypt.gensalt(4)).decode()
    assert await hasher.verify(typed, accept(digest))
    assert await hasher.verify("café au lait", await hasher.hash(typed))


async def test_idle_hashing_is_left_out_where_anybody_would_wait() -> None:
    """A27: what can be done another time doesn't stand in line."""
    with PasswordHasher(settings(cost=10, threads=1, queue=8)) as small:
        busy = asyncio.create_task(small.hash("password"))
        await asyncio.sleep(0)
        assert await small.hash_if_idle("password") is None
        await busy
        async with asyncio.timeout(5):
            while await small.hash_if_idle("password") is None:  # noqa: ASYNC110  as above
                await asyncio.sleep(0)


@pytest.mark.parametrize("cost", [4, 8, 10])
async def test_wrong_password_costs_the_same_whatever_the_stored_cost(
    monkeypatch: pytest.MonkeyPatch, cost: int
) -> None:
    """A8: else a quick refusal would tell that there is an account, and an old one. Counted in steps, not in time."""
    with PasswordHasher(settings(cost=cost)) as old:
        stored = await old.hash("same-password")
    with PasswordHasher(settings(cost=10)) as hasher, counted_rounds(monkeypatch) as rounds:
        for password_hash in (None, stored):
            rounds.clear()
            assert not await hasher.verify("wrong password", password_hash)
            assert sum(rounds) == 2**10


async def test_quick_foreign_hash_is_evened_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A8: by what it took of a thread's time, so nearly."""
    with PasswordHasher(settings(cost=10)) as hasher, counted_rounds(monkeypatch) as rounds:
        assert not await hasher.verify("wrong password", accept(FOREIGN["Django pbkdf2"]))
        rounds.clear()
        assert not await hasher.verify("wrong password", accept(FOREIGN["Django pbkdf2"]))
        assert 2**9 <= sum(rounds) < 2**10
        rounds.clear()
        assert await hasher.verify(PASSWORD, accept(FOREIGN["Django pbkdf2"]))
        assert not rounds
