"""Fixtures of the drills: a stack that runs, with files of somebody in it, in a folder of the test's own.

folder    function  where a test's backups and restored states go; the database's user can pass it
source    module    Stack
contents  module    the files' SHA-256 by id, of `owner`
owner     module    Visitor
"""

import asyncio
import hashlib
import io
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor

_FILES = 150
_LARGE = 8_000_000


@pytest.fixture
def folder() -> Iterator[Path]:
    with state_folder("folder") as folder:
        folder.mkdir(mode=0o711)
        yield folder


@pytest.fixture(scope="module")
def source() -> Iterator[Stack]:
    with state_folder() as state, running_stack(state) as running:
        yield running


@pytest.fixture(scope="module")
async def owner(source: Stack) -> AsyncIterator[Visitor]:
    async with Visitor.at(source.url) as owner:
        assert (await owner.register("owner@example.org")).status == 201
        yield owner


@pytest.fixture(scope="module")
async def contents(owner: Visitor) -> dict[str, str]:
    return await upload_many(owner)


async def upload_many(owner: Visitor) -> dict[str, str]:
    """Store many small files and a few large ones; return their digests by id."""
    found = {}
    for size in [_LARGE] * 3 + [1000] * _FILES:
        content = os.urandom(size)
        reply = await owner.upload(io.BytesIO(content), content_type="application/octet-stream")
        assert reply.status == 201, reply.body
        found[reply.json()["id"]] = hashlib.sha256(content).hexdigest()
        await asyncio.sleep(0)
    return found
