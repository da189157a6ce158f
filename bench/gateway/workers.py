"""What a request costs with two workers beside one, on the same core."""

from statistics import median

from bench.gateway import ours
from bench.gateway.contenders import started
from bench.gateway.setting import Setting
from bench.gateway.throughput import Throughput, ratio
from bench.gateway.upstream import upstream
from bench.processes import Failed, Missing, tree
from bench.report import Section, Table, Target

_MOST = 1.15


def workers(setting: Setting) -> Section:
    one, two = ours.full(WORKERS="1"), ours.full(WORKERS="2")
    with upstream(setting) as behind, started(two, setting, behind) as running:
        if len(tree(running.pid)) == 1:
            raise Missing("this gateway knows no WORKERS")
    measured = Throughput(setting, 5, 3).compare((one, two))
    rows = [measured.find(each) for each in (one, two)]
    if rows[0] is None or rows[1] is None:
        raise Failed("; ".join(measured.notes))
    lines = [
        (name, f"{median(each.rate for each in row.figures):,.0f}", f"{median(each.cpu for each in row.figures):.1f}")
        for name, row in zip(("one worker", "two workers"), (rows[0], rows[1]), strict=True)
    ]
    table = Table("Workers, on one core", ("", "requests/s", "CPU us/request"), lines)
    return Section([table], [Target("CPU per request, two workers to one", ratio(rows[1], rows[0]), _MOST)])
