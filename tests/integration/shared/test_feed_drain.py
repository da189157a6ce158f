"""What followers are told by a program that drains."""

import time

from shared.db import Database
from shared.events.feed import Feed
from shared.lifecycle import Lifecycle
from tests.integration.shared.feeds import query
from tests.integration.shared.tables import SCHEMA


async def test_follower_of_a_stopping_program_waits_a_moment_between_two_questions(database: Database) -> None:
    """R2: asked again at once after every empty page, it would spend its last seconds on nothing else."""
    lifecycle = Lifecycle()
    feed = Feed(SCHEMA, database, lifecycle)
    question = await query(database, wait=30)
    lifecycle.begin_stop()
    started = time.monotonic()
    for _ in range(3):
        assert (await feed.page(question)).items == []
    assert 0.3 <= time.monotonic() - started < 3
