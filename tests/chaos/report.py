"""The table that a run prints, and what it says of broken promises."""

from collections.abc import Sequence

from tests.chaos.playing import Result

_MOST = 8  # violations of one drill that are told in full
HEAD = f"{'drill':6}{'fault':38}{'requests':>9}{'failed':>8}{'excused':>9}{'unavailable':>13}  {'recovery':>9}"


def row(result: Result) -> str:
    seconds, kind = result.unavailable
    lines = [
        f"{result.drill.name:6}{result.drill.fault:38}{result.requests:>9}{result.failed:>8}{result.excused:>9}"
        f"{f'{seconds:.1f} s':>13}  {f'{result.recovery:.1f} s':>9}  {kind}".rstrip()
    ]
    lines += [f"      {note}" for note in result.notes]
    lines += [f"      VIOLATION {violation}" for violation in result.violations[:_MOST]]
    if len(result.violations) > _MOST:
        lines.append(f"      ... and {len(result.violations) - _MOST} more")
    return "\n".join(lines)


def summary(results: Sequence[Result], seconds: float, seed: int) -> str:
    requests, failed = sum(result.requests for result in results), sum(result.failed for result in results)
    broken = [result.drill.name for result in results if result.violations]
    verdict = f"promises broken in {', '.join(broken)}: SEED={seed} ONLY='{' '.join(broken)}'" if broken else "all kept"
    return f"{requests} requests, {failed} failed, {seconds:.0f} s: {verdict}"
