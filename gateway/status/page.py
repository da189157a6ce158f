"""The page, drawn: loaded when somebody asks for it."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from gateway.status.health import notices, pillars
from gateway.status.programs import busiest, card
from gateway.status.recorder import MINUTES, Recorder
from gateway.status.tiles import FAILED_TOO_OFTEN, History, failed_share, history, tiles
from gateway.status.watch import Program
from shared.web.pages.templates import render_page

_TEMPLATES = Path(__file__).parent / "templates"


async def draw_page(recorder: Recorder, programs: Sequence[Program], root: str) -> str:
    """Return the page of these programs, the gateway first, below the path `root`.

    It takes some milliseconds, in a thread: requests come first.
    """
    now = recorder.now()
    past = history(tuple(recorder.points), now, recorder.bounds, recorder.lag_bounds)
    return await asyncio.to_thread(_drawn, past, programs, root)


def _drawn(past: History, programs: Sequence[Program], root: str) -> str:
    return render_page(
        "status.html",
        folder=_TEMPLATES,
        root=root,
        notices=notices(programs, past.lately(failed_share), FAILED_TOO_OFTEN),
        tiles=tiles(past),
        minutes=MINUTES,
        pillars=pillars(programs),
        cards=[card(program) for program in programs],
        busiest=busiest(programs[0]),
        is_first=programs[0].before is None,
        at=time.strftime("%H:%M:%S UTC", time.gmtime()),
    )
