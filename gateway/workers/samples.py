"""What one worker has measured, handed over whole at a Unix socket to whoever connects."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.core import Exemplar

from shared.loop_metrics import TRACE_ID

SeenTrace = tuple[str, float, float]  # its id, the value, and when that was


class Sample(msgspec.Struct, array_like=True, gc=False):
    name: str
    labels: dict[str, str]
    value: float
    exemplar: SeenTrace | None = None


class Family(msgspec.Struct, array_like=True):
    """A metric with all its samples, as prometheus_client collects it."""

    name: str
    documentation: str
    kind: str
    samples: list[Sample]


class Snapshot(msgspec.Struct, array_like=True):
    pid: int
    families: list[Family]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Snapshot)


def take_snapshot(registry: CollectorRegistry = REGISTRY) -> Snapshot:
    """Return what this process has measured."""
    families = [
        Family(
            metric.name,
            metric.documentation,
            metric.type,
            [Sample(sample.name, sample.labels, sample.value, _plain(sample.exemplar)) for sample in metric.samples],
        )
        for metric in registry.collect()
    ]
    return Snapshot(os.getpid(), families)


def _plain(exemplar: Exemplar | None) -> SeenTrace | None:
    if exemplar is None:
        return None
    return exemplar.labels[TRACE_ID], exemplar.value, float(exemplar.timestamp or 0.0)


@asynccontextmanager
async def handing_over(path: Path) -> AsyncIterator[None]:
    """Give each who connects to the socket at `path` a snapshot."""

    async def give(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_encoder.encode(take_snapshot()))
        writer.close()

    server = await asyncio.start_unix_server(give, path)
    try:
        yield
    finally:
        server.close()
        await server.wait_closed()


async def fetch(path: Path) -> Snapshot:
    """Return the snapshot of the worker there. Raises OSError, or ValueError when it broke off."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        return _decoder.decode(await reader.read())
    except msgspec.DecodeError as exc:
        raise ValueError("the snapshot broke off") from exc
    finally:
        writer.close()
