"""What the gateway adds to each request's time while it is half busy."""

from dataclasses import replace
from statistics import median

from bench.gateway import ours
from bench.gateway.contenders import started
from bench.gateway.proof import prove
from bench.gateway.setting import TARGET, Setting
from bench.gateway.tokens import USERS
from bench.gateway.upstream import upstream
from bench.report import Section, Table, Target
from bench.wrk import CONNECTIONS, Figures, Load, http_request, measure, write_requests

_MOST_P50, _MOST_P99 = 0.5, 3.0  # milliseconds
_ROUNDS, _SECONDS = 5, 3


def added(setting: Setting) -> Section:
    tokens = setting.tokens.make("ES256", USERS)
    requests = write_requests(setting.folder / "latency.requests", [http_request(TARGET, each) for each in tokens])
    contender = ours.full()
    with upstream(setting) as direct, started(contender, setting, direct) as running:
        prove(contender, running, setting.tokens)
        measure(Load(running.port, requests), 1, running.pid)
        most = measure(Load(running.port, requests), 2, running.pid).rate
        pause = _pause_for(most / 2, Load(direct, requests))
        pairs = [
            tuple(measure(Load(port, requests, pause=pause), _SECONDS, running.pid) for port in (direct, running.port))
            for _ in range(_ROUNDS)
        ]
    return _section(most, [pair[0] for pair in pairs], [pair[1] for pair in pairs])


def _pause_for(rate: float, load: Load) -> float:
    """Return the pause, in milliseconds, by which all connections together send `rate` requests per second.

    `load` is the direct way, whose answers take next to no time: what is corrected is wrk's own timer.
    """
    cycle = CONNECTIONS / rate * 1000
    tried = CONNECTIONS / measure(replace(load, pause=cycle), 1).rate * 1000
    return max(cycle - (tried - cycle), 0.5)


def _section(most: float, direct: list[Figures], through: list[Figures]) -> Section:
    pairs = list(zip(direct, through, strict=True))
    p50 = median(mine.p50 - other.p50 for other, mine in pairs) / 1000
    p99 = median(mine.p99 - other.p99 for other, mine in pairs) / 1000
    rows = [_row("direct", direct), _row("through Colonnade", through), ("added", "", f"{p50:.2f}", f"{p99:.2f}")]
    title = f"Latency at half load ({median(each.rate for each in through) / most:.0%} of {most:,.0f} requests/s)"
    return Section(
        [Table(title, ("", "requests/s", "p50 ms", "p99 ms"), rows)],
        [Target("added latency p50, ms", p50, _MOST_P50), Target("added latency p99, ms", p99, _MOST_P99)],
    )


def _row(name: str, runs: list[Figures]) -> tuple[str, ...]:
    rate = median(each.rate for each in runs)
    return (
        name,
        f"{rate:,.0f}",
        f"{median(each.p50 for each in runs) / 1000:.2f}",
        f"{median(each.p99 for each in runs) / 1000:.2f}",
    )
