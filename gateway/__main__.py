"""`python -m gateway` serves; `python -m gateway check [FILE]` reads a route file and says what is wrong with it."""

import signal
import sys
from collections.abc import Sequence
from functools import partial

from gateway.app import open_gateway, routes_of
from gateway.checking import check
from gateway.downstream.server import require_c_parser
from gateway.multiprocess import serve_as_workers
from gateway.routes.model import RoutesError
from gateway.settings import Settings
from shared.serve import serve
from shared.settings import load


def main(argv: Sequence[str]) -> int:
    if argv:
        return check(argv)
    require_c_parser()
    # It asks for the routes to be reloaded, and must not end us before we can: a change until then is noticed anyway.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    settings = load(Settings)
    try:
        routes = routes_of(settings)
    except RoutesError as exc:
        print(exc, file=sys.stderr)  # noqa: T201  the log isn't set up yet, and a person is reading
        return 2
    if settings.workers > 1:
        return serve_as_workers(settings, routes)
    return serve(settings.process, partial(open_gateway, settings, routes))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
