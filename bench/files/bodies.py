"""256 MiB up and down, and uploads in chunks of 8 MiB, beside programs that sync nothing."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from bench.files.contenders import nginx, tus_server
from bench.files.ours import Files
from bench.files.transfer import MIB, Client
from bench.report import Section, Table, Target

SIZE = 256 * MIB
_CHUNK = 8 * MIB
_ROUNDS = 5
_LEAST_OF_NGINX, _LEAST_OF_TUS = 0.7, 2.0
_TUS = {"Tus_Resumable": "1.0.0"}
_OFFSETS = {**_TUS, "Content_Type": "application/offset+octet-stream"}


def whole(files: Files) -> Section:
    """One body in one request; the times of both in turns."""
    with nginx() as peer, files.client() as mine, peer.client() as theirs:
        runs = [(_ours(mine), _nginx(theirs)) for _ in range(_ROUNDS + 1)][1:]
    rows = [
        (name, *(f"{median(SIZE / MIB / run[who][way] for run in runs):,.0f}" for way in range(2)))
        for who, name in enumerate(("Colonnade, synced to the disk", "nginx, not synced"))
    ]
    targets = [
        Target(f"256 MiB {way}, throughput to nginx", _ratio(runs, number), _LEAST_OF_NGINX, at_least=True)
        for number, way in enumerate(("up", "down"))
    ]
    return Section([Table("A file of 256 MiB through the gateway", ("", "MiB/s up", "MiB/s down"), rows)], targets)


def _ratio(runs: Sequence[tuple[tuple[float, float], tuple[float, float]]], way: int) -> float:
    return median(theirs[way] / mine[way] for mine, theirs in runs)


def _ours(client: Client) -> tuple[float, float]:
    began = time.perf_counter()
    location = client.send("POST", "/v1/files", SIZE).headers["location"]
    up = time.perf_counter() - began
    down = client.seconds_to_download(f"{location}/content", SIZE)
    client.exchange("DELETE", location)
    return up, down


def _nginx(client: Client) -> tuple[float, float]:
    began = time.perf_counter()
    client.send("PUT", "/file", SIZE)
    up = time.perf_counter() - began
    down = client.seconds_to_download("/file", SIZE)
    client.exchange("DELETE", "/file")
    return up, down


def chunks(files: Files) -> Section:
    """The same by tus, a request for each 8 MiB."""
    with ExitStack() as stack:
        peer = stack.enter_context(tus_server())
        clients = [stack.enter_context(each.client()) for each in (files, peer)]
        paths = ("/v1/files/uploads", "/files")
        runs = [[_by_tus(*each) for each in zip(clients, paths, strict=True)] for _ in range(_ROUNDS + 1)][1:]
    rows = [
        (name, f"{median(SIZE / MIB / run[who] for run in runs):,.0f}")
        for who, name in enumerate(("Colonnade, each chunk synced", "@tus/server, not synced"))
    ]
    ratio = median(theirs / mine for mine, theirs in runs)
    target = Target("tus in chunks of 8 MiB, throughput to @tus/server", ratio, _LEAST_OF_TUS, at_least=True)
    return Section([Table("256 MiB in chunks of 8 MiB", ("", "MiB/s"), rows)], [target])


def _by_tus(client: Client, path: str) -> float:
    began = time.perf_counter()
    created = client.send("POST", path, 0, **_TUS, Upload_Length=str(SIZE))
    place = "/" + created.headers["location"].split("://")[-1].partition("/")[2]
    for offset in range(0, SIZE, _CHUNK):
        reply = client.send("PATCH", place, _CHUNK, **_OFFSETS, Upload_Offset=str(offset))
    seconds = time.perf_counter() - began
    if file := reply.headers.get("content-location"):
        client.exchange("DELETE", file)
    return seconds
