"""Each program by itself: can it be reached, is it ready, is its clock right, does it run out of anything."""

import time
from collections.abc import Mapping, Sequence

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Program

SKEW_WARN, SKEW_FAIL = 2.0, 5.0  # seconds; tokens and assertions put up with 5
_KEY_WARN, _KEY_FAIL = 90, 365  # days
_FEW_DESCRIPTORS = 4096
_NEARLY_ALL = 0.8
_LAG_WARN, _LAG_FAIL = 1.0, 10.0  # seconds
_DAY = 86_400
_INSTANCE_ADVICE = "start it, or correct its address; the next request that it answers puts it back"


def readiness(programs: Sequence[Program], pids: Mapping[str, int] | None = None) -> list[Finding]:
    """`pids` are processes that whoever started them starts again."""
    return [_readiness(program, (pids or {}).get(program.name, 0)) for program in programs]


def _readiness(program: Program, pid: int) -> Finding:
    if program.hangs:
        advice = (
            f"`kill -9 {pid}`, and it is started again" if pid else "restart it, or see whether a firewall is between"
        )
        return fail(program.name, f"{program.url}: {program.error}", f"it hangs: {advice}")
    if program.error:
        return fail(program.name, f"{program.url} can't be reached: {program.error}", "start it, or read its log")
    if not program.ready:
        reasons = "; ".join(f"{check}: {result}" for check, result in program.unready.items())
        return fail(program.name, f"isn't ready: {reasons}", "what it waits for is named here; its log says more")
    return ok(program.name, f"ready at {program.url}")


def clocks(programs: Sequence[Program]) -> list[Finding]:
    return [clock(program.name, program.skew) for program in programs if not program.error]


def clock(name: str, skew: float) -> Finding:
    """Judge a clock that is ahead of ours by `skew` seconds, or behind by as much."""
    if abs(skew) <= SKEW_WARN:
        return ok(f"clock of {name}", "agrees with this machine's")
    what = f"is {abs(skew):.1f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
    judge = fail if abs(skew) > SKEW_FAIL else warn
    return judge(f"clock of {name}", what, "run an NTP client on both machines; tokens are refused when clocks differ")


def versions(programs: Sequence[Program]) -> list[Finding]:
    found = {program.name: program.metrics.label("build_info", "version") for program in programs if not program.error}
    if not found:
        return []
    if len(set(found.values())) > 1:
        each = ", ".join(f"{name} {version or 'unknown'}" for name, version in found.items())
        return [warn("versions", each, "bring all programs to one version")]
    return [ok("versions", f"all run {next(iter(found.values()))}")]


def descriptors(programs: Sequence[Program]) -> list[Finding]:
    findings = []
    for program in programs:
        most, used = (program.metrics.value(f"process_{kind}_fds") for kind in ("max", "open"))
        if most is None or used is None:
            continue
        name, what = f"descriptors of {program.name}", f"{used:.0f} of {most:.0f} in use"
        if used > most * _NEARLY_ALL:
            findings.append(
                fail(name, what, "raise LimitNOFILE (systemd) or ulimits (Compose), and look for what holds them")
            )
        elif most < _FEW_DESCRIPTORS:
            findings.append(
                warn(name, what, "raise the hard limit: each client and each connection to a service takes one")
            )
        else:
            findings.append(ok(name, what))
    return findings


def signing_key(auth_service: Program) -> list[Finding]:
    since = auth_service.metrics.value("auth_signing_key_since_timestamp_seconds")
    if auth_service.error or not since:
        return []
    days = (time.time() - since) / _DAY
    what = f"signs since {max(0, days):.0f} days"
    advice = "add a new row to auth.signing_key, and set verifies_until of the old one to ten minutes later"
    if days > _KEY_WARN:
        return [(fail if days > _KEY_FAIL else warn)("signing key", what, advice)]
    return [ok("signing key", what)]


def revocations(gateway: Program) -> list[Finding]:
    value = gateway.metrics.value
    connected, silence = value("gateway_revocation_feed_connected"), value("gateway_revocation_feed_silence_seconds")
    if gateway.error or connected is None:
        return []
    if not connected:
        what = f"the gateway hasn't heard of revoked sessions for {silence or 0:.0f} s"
        return [fail("revocations", what, "is auth_service's private port up, and AUTH_INTERNAL_URL right?")]
    count, seconds = value("gateway_revocation_lag_seconds_count"), value("gateway_revocation_lag_seconds_sum")
    if not count:
        return [ok("revocations", "feed connected, none measured yet")]
    lag = (seconds or 0.0) / count
    if lag > _LAG_WARN:
        judge = fail if lag > _LAG_FAIL else warn
        what = f"{count:.0f} were known {lag:.1f} s late on average"
        return [judge("revocations", what, "compare clocks; look at auth_service's load")]
    return [ok("revocations", f"feed connected, {count:.0f} were known {lag:.2f} s late on average")]


def limits(gateway: Program) -> list[Finding]:
    up = gateway.metrics.value("gateway_valkey_up")
    if gateway.error or up is None:
        return []
    if not up:
        what = "Valkey doesn't answer the gateway: each gateway counts by itself, in memory"
        return [fail("limits", what, "start Valkey, and check VALKEY_URL and the network between")]
    return [ok("limits", "counted in Valkey")]


def upstreams(gateway: Program) -> list[Finding]:
    """Tell instances that get no requests. That is known from requests alone: what nobody asks for counts as well."""
    names = gateway.metrics.labels("gateway_upstream_queue_length", "upstream")
    findings = [found for name in names if (found := _upstream(gateway, name))]
    if names and not findings:
        return [ok("upstreams", f"{', '.join(names)}: each instance gets requests")]
    return findings


def _upstream(gateway: Program, name: str) -> Finding | None:
    standing = gateway.metrics.by("gateway_upstream_instance_up", "instance", upstream=name)
    out, subject = [place for place, up in standing.items() if not up], f"upstream {name}"
    if not standing:
        return fail(subject, "has no instance: its name can't be looked up", "check the host in its url, and DNS")
    if len(out) == len(standing):
        return fail(subject, f"no instance gets requests: {' and '.join(out)} failed, or stopped", _INSTANCE_ADVICE)
    if out:
        return warn(subject, f"{' and '.join(out)} failed, or stopped; the others get its requests", _INSTANCE_ADVICE)
    return None


def routes(gateway: Program) -> list[Finding]:
    in_force = gateway.metrics.value("gateway_routes_in_force")
    if gateway.error or in_force is None:
        return []
    if not in_force:
        what = "the route file on disk was refused: the one before it is in force, until the next start"
        return [warn("routes", what, "`python -m gateway check FILE` tells each mistake with its line")]
    return [ok("routes", "the route file is in force")]
