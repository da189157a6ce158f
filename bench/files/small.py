"""What an upload of 1 MiB costs in CPU, beside PocketBase, which doesn't sync it."""

from collections.abc import Callable, Sequence
from statistics import median

from bench.files.contenders import pocketbase
from bench.files.ours import MEASURED, Files
from bench.files.transfer import MIB, Client
from bench.processes import cpu_seconds
from bench.report import Section, Table, Target

_ROUNDS, _UPLOADS = 5, 100
_MOST_OF_POCKETBASE = 0.7
_BOUNDARY = "----------bench"


def small(files: Files) -> Section:
    with pocketbase() as peer, files.client() as mine, peer.client() as theirs:
        pids = files.pids()
        runs = [
            (_cpu(pids, lambda: _ours(mine)), _cpu([peer.pid], lambda: _theirs(theirs))) for _ in range(_ROUNDS + 1)
        ][1:]
    ours = [median(run[0][part] for run in runs) for part in range(len(MEASURED))]
    rows = [
        ("Colonnade, synced", f"{median(sum(run[0]) for run in runs):.1f}", *(f"{part:.1f}" for part in ours)),
        ("PocketBase, not synced", f"{median(sum(run[1]) for run in runs):.1f}", *("" for _ in MEASURED)),
    ]
    ratio = median(sum(mine) / sum(theirs) for mine, theirs in runs)
    target = Target("an upload of 1 MiB, CPU to PocketBase", ratio, _MOST_OF_POCKETBASE)
    return Section([Table("CPU ms of an upload of 1 MiB", ("", "in all", *MEASURED), rows)], [target])


def _cpu(pids: Sequence[int], work: Callable[[], None]) -> list[float]:
    """Return the milliseconds that each process tree used for one upload."""
    before = [cpu_seconds(pid) for pid in pids]
    for _ in range(_UPLOADS):
        work()
    return [(cpu_seconds(pid) - earlier) / _UPLOADS * 1000 for pid, earlier in zip(pids, before, strict=True)]


_HEAD = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'.encode()
_FORM = _HEAD + bytes(range(256)) * (MIB // 256) + f"\r\n--{_BOUNDARY}--\r\n".encode()
_TYPE = f"multipart/form-data; boundary={_BOUNDARY}"


def _ours(client: Client) -> None:
    client.exchange("POST", "/v1/files", _FORM, Content_Type=_TYPE)


def _theirs(client: Client) -> None:
    client.exchange("POST", "/api/collections/files/records", _FORM, Content_Type=_TYPE)
