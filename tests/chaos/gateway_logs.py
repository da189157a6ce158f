"""When gateways found Valkey away, by their own logs: on a crowded machine it may miss its 50 ms by itself."""

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from math import inf

from tests.chaos.checks.limits import CountsLost
from tests.replicated.replica import Replica


def valkey_outages(gateways: Sequence[Replica]) -> list[CountsLost]:
    """Return each gateway's outages, by the clock that histories are of; `until` is infinite for one that lasts."""
    ahead = time.monotonic() - time.time()
    return [
        outage
        for gateway in gateways
        for outage in outages(gateway.log.with_suffix(".log").read_text(encoding="utf-8").splitlines(), ahead)
    ]


def outages(lines: Iterable[str], ahead: float) -> Iterator[CountsLost]:
    """Pair what was lost with what returned; a gateway that starts anew has no outage that it knows of."""
    since: float | None = None
    for line in lines:
        if '"valkey_lost"' not in line and '"valkey_returned"' not in line and '"started"' not in line:
            continue
        record = json.loads(line)
        moment = datetime.fromisoformat(record["@timestamp"]).timestamp() + ahead
        if record["event.action"] == "valkey_lost":
            since = moment if since is None else since
        elif since is not None:
            yield CountsLost(since, moment)
            since = None
    if since is not None:
        yield CountsLost(since, inf)
