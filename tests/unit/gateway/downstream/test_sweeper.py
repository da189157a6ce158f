import asyncio
from collections import Counter

from gateway.downstream.sweeper import Sweeper
from tests.waiting import eventually

MANY = 2600


class Swept:
    def __init__(self, seen: "Counter[float]") -> None:
        self._seen = seen
        self.times = 0

    def sweep(self, now: float) -> None:
        self._seen[now] += 1
        self.times += 1


async def test_everyone_is_looked_at_once_in_a_round_and_a_few_at_a_time() -> None:
    seen: Counter[float] = Counter()
    all_of_them = [Swept(seen) for _ in range(MANY)]
    Sweeper(lambda: all_of_them, patience=0.2).begin()

    async def round_is_over() -> bool:
        return any(each.times > 1 for each in all_of_them)

    await eventually(round_is_over)
    assert all(each.times >= 1 for each in all_of_them)
    assert max(seen.values()) <= MANY / 5
    all_of_them.clear()


async def test_nothing_wakes_the_loop_once_the_last_connection_is_gone() -> None:
    asked = 0
    one = [Swept(Counter())]

    def connections() -> list[Swept]:
        nonlocal asked
        asked += 1
        return one

    sweeper = Sweeper(connections, patience=0.01)
    sweeper.begin()
    sweeper.begin()  # for the next connection
    swept = one[0]

    async def was_swept() -> bool:
        return swept.times > 1

    await eventually(was_swept)
    one.clear()

    async def is_still() -> bool:
        before = asked
        await asyncio.sleep(0.05)  # five rounds
        return asked == before

    await eventually(is_still)
    one.append(swept)
    sweeper.begin()
    before = swept.times

    async def goes_again() -> bool:
        return swept.times > before

    await eventually(goes_again)
    one.clear()
