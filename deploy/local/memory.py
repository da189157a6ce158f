"""`make memory`: what the running stack costs, and how long its last start took.

Memory is the proportional set size (PSS): a page that several processes share is counted once, in parts.
"""

from collections.abc import Mapping
from pathlib import Path

from deploy.local.running import Running, running_on
from deploy.local.settings import read_settings
from deploy.local.state import START, State

_PROC = Path("/proc")


def memory() -> int:
    state = State(read_settings().state)
    sums = sizes(running_on(state))
    for name, (count, kilobytes) in sorted(sums.items(), key=lambda item: -item[1][1]):
        print(f"{name:<14}{count:>3} {'process' if count == 1 else 'processes':<10}{kilobytes / 1000:>7.1f} MB")
    print(f"{'all':<14}{sum(count for count, _ in sums.values()):>3} {'processes':<10}", end="")
    print(f"{sum(kilobytes for _, kilobytes in sums.values()) / 1000:>7.1f} MB")
    start = state.read(START)
    if start:
        print(f"ready {start['seconds_to_ready']:.2f} s after its start, at {start['at']}")
    return 0


def sizes(running: Running) -> dict[str, tuple[int, float]]:
    """Return each part's number of processes and PSS in kB, its children included."""
    names = {process.pid: name for name, process in running.processes.items()}
    return _sums({running.launcher.pid: "launcher"} | names)


def _sums(names: Mapping[int, str]) -> dict[str, tuple[int, float]]:
    parents = _parents()
    sums: dict[str, tuple[int, float]] = {}
    for pid in parents:
        owner = _owner(pid, parents, names)
        if owner and (pss := proportional_size(pid)):
            count, kilobytes = sums.get(owner, (0, 0.0))
            sums[owner] = (count + 1, kilobytes + pss)
    return sums


def _owner(pid: int, parents: Mapping[int, int], names: Mapping[int, str]) -> str | None:
    while pid and pid not in names:
        pid = parents.get(pid, 0)
    return names.get(pid)


def _parents() -> dict[int, int]:
    parents = {}
    for stat in _PROC.glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended since
            continue
    return parents


def proportional_size(pid: int) -> float:
    """Return a process's PSS in kB; 0 of one that has ended."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return float(next((line.split()[1] for line in lines if line.startswith("Pss:")), 0))
