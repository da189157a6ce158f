"""A10, A11: the counters under whatever order and parallelism, judged by a model that knows what they are for."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth_service.domain.attempts import LIMIT
from tests.integration.auth_service.people import HOME, PASSWORD, STRANGER, Device, Person, Reply
from tests.integration.auth_service.world import AuthService

WRONG = "wrong password"
DESK = HOME
PHONE = Device("198.51.100.7", "Firefox on a phone")  # the owner's second device
CROWD = (STRANGER, Device("203.0.113.1", "curl"), Device("192.0.2.10", "curl"), Device("2001:db8::1", HOME.agent))
BUCKETS = {DESK: "desk", PHONE: "phone"} | dict.fromkeys(CROWD, "strangers")
ROUTES = ("login", "change", "deletion")
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Guess:
    device: Device
    right: bool
    route: str = "login"


# The right password is only ever used to log in, as the rest would end the story; and by its owner, as a device that
# has signed in is no stranger any more.
GUESSES = st.one_of(
    st.builds(Guess, st.sampled_from((DESK, PHONE)), st.just(value=True)),
    st.builds(Guess, st.sampled_from(list(BUCKETS)), st.just(value=False), st.sampled_from(ROUTES)),
)
ROUNDS = st.lists(st.lists(GUESSES, min_size=1, max_size=14), min_size=1, max_size=5)


async def make(service: AuthService, person: Person, guess: Guess) -> Reply:
    password = PASSWORD if guess.right else WRONG
    if guess.route == "login":
        return await service.try_login(person.email, password, guess.device)
    path, body = "/v1/auth/account/deletion", {"password": password}
    if guess.route == "change":
        path, body = "/v1/auth/password", {"current_password": password, "new_password": "quite another one"}
    return await service.call("POST", path, body, person=person, device=guess.device)


async def owner(service: AuthService) -> Person:
    """Return somebody who has signed in from a desk and from a phone."""
    person = await service.register(f"owner-{next(_NUMBERS)}@example.org")
    await service.login(person, device=PHONE)
    return person


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=ROUNDS)
async def test_each_bucket_is_looked_at_ten_times_whoever_else_guesses(
    service: AuthService, replica: AuthService, rounds: list[list[Guess]]
) -> None:
    """The guesses of a round come at once, over two replicas; rounds follow each other."""
    person = await owner(service)
    wrong: Counter[str] = Counter()  # guesses that were looked at
    for guesses in rounds:
        before = wrong.copy()
        asked = Counter(BUCKETS[guess.device] for guess in guesses)
        turns = zip(guesses, itertools.cycle((service, replica)), strict=False)
        replies = await asyncio.gather(*(make(each, person, guess) for guess, each in turns))
        for guess, reply in zip(guesses, replies, strict=True):
            bucket = BUCKETS[guess.device]
            assert reply.status in ((200, 429) if guess.right else (401, 403, 429)), reply
            wrong[bucket] += reply.status in (401, 403)
            if before[bucket] + asked[bucket] <= LIMIT:  # however many of them are wrong
                assert reply.status != 429, (guess, before)
        assert all(number <= LIMIT for number in wrong.values())
        for counted, device in ((wrong["desk"], DESK), (wrong["phone"], PHONE)):
            if counted < LIMIT:
                assert (await service.try_login(person.email, PASSWORD, device)).status == 200


async def test_a_flood_of_strangers_never_keeps_a_known_device_out(service: AuthService, replica: AuthService) -> None:
    """A11: many strangers, all the time, from everywhere and by every route; the owner comes and goes meanwhile."""
    person = await owner(service)
    flood = [
        Guess(Device(f"203.0.{number}.1", f"bot {number}"), right=False, route=ROUTES[number % 3])
        for number in range(60)
    ]
    turns = zip(flood, itertools.cycle((service, replica)), strict=False)
    guessing = asyncio.gather(*(make(each, person, guess) for guess, each in turns))
    while not guessing.done():
        for device in (DESK, PHONE):
            assert (await service.try_login(person.email, PASSWORD, device)).status == 200
    statuses = Counter(reply.status for reply in await guessing)
    assert statuses[429] == 50
    refused = await make(service, person, Guess(STRANGER, right=True))
    assert (refused.status, refused.code) == (429, "too_many_attempts")


async def test_counters_of_two_accounts_have_nothing_to_do_with_each_other(service: AuthService) -> None:
    ada, bob = await owner(service), await owner(service)
    for _ in range(LIMIT + 1):
        refused = await make(service, ada, Guess(STRANGER, right=False))
    assert refused.status == 429
    assert (await make(service, bob, Guess(STRANGER, right=False))).status == 401


async def test_twin_of_an_address_has_no_counter_of_its_own(service: AuthService) -> None:
    """A10, A23: other spellings are no further guesses."""
    person = await service.register("ida@example.org")
    twins = ["IDA@example.org", " ida@EXAMPLE.org", "\uff49da@example.org", "\u0130da@example.org"]
    replies = [
        await service.try_login(twin, WRONG, STRANGER) for twin in itertools.islice(itertools.cycle(twins), LIMIT + 2)
    ]
    assert Counter(reply.status for reply in replies) == {401: LIMIT, 429: 2}
    assert (await service.try_login(person.email, PASSWORD, STRANGER)).status == 429
