"""`python -m tests.rolling [REQUESTS]`: restart and upgrade two replicas of everything under load.

No request may fail, none is tried again, and at least 100,000 are sent, writes among them. The status is 1 otherwise.
"""

import asyncio
import sys

import uvloop

from tests.e2e.stack import state_folder
from tests.previous_release import previous_source
from tests.replicated.replica import Source
from tests.replicated.stack import Options, replicated
from tests.rolling.course import Course, routes
from tests.rolling.ledger import Ledger
from tests.rolling.people import Person

_REQUESTS = 100_000
_PEOPLE = 16
_SHOWN = 20


def main(arguments: list[str]) -> int:
    least = int(arguments[0]) if arguments else _REQUESTS
    previous = previous_source()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        ledger = runner.run(_drill(previous, least))
    print(ledger.table())
    print("\n".join(ledger.failures[:_SHOWN]))
    return 1 if ledger.failures or ledger.requests < least else 0


async def _drill(previous: Source, least: int) -> Ledger:
    ledger = Ledger()
    with state_folder() as folder:
        folder.mkdir()
        environs = {"gateway": routes(folder, previous)}
        async with replicated(folder, Options(source=previous, environs=environs)) as stack:
            await _live_through(Course(stack, ledger, previous, least, _tell))
    return ledger


async def _live_through(course: Course) -> None:
    ended = asyncio.Event()
    course.ledger.begin("people register")
    people = [Person(course.stack.url, course.ledger, number) for number in range(_PEOPLE)]
    for person in people:
        await person.register()
    async with asyncio.TaskGroup() as group:
        for person in people:
            group.create_task(person.live(ended))
        await course.run()
        ended.set()


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
