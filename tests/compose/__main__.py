"""`python -m tests.compose`: brings docker-compose.yml up on a real engine, and does to it what an operator will.

KEEP=1 keeps the engine's data (images) for the next time, REAL_IMAGES=1 or 0 decides between pulled images and
stand-ins, REQUESTS=100000 has programs rolled until so many requests were made meanwhile, PEOPLE=4 make them.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.compose.drill import Drill
from tests.compose.engine import Engine, NoEngineError, engine
from tests.compose.images import DOCKERFILE, Images, NoImageError, built_upon, named
from tests.compose.index import package_index
from tests.compose.product import IMAGE, Product
from tests.compose.report import Report
from tests.ports import free_port
from tests.stores import ROOT

_HOME = Path("/var/tmp/colonnade-compose")  # short, as the path of a socket must be
_OBSERVERS = ("prometheus", "alertmanager")  # of the profile observability, those that a machine without a registry has


def main(environ: Mapping[str, str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("test-compose: told to stop"))  # by way of all that cleans up
    report = Report()
    keep = environ.get("KEEP") == "1"
    try:
        with engine(_HOME, keep=keep) as found:
            _drill(found, report, environ, keep=keep)
    except (NoEngineError, NoImageError, AssertionError, subprocess.CalledProcessError) as exc:
        print(f"test-compose: {exc}", file=sys.stderr)
        return 1
    finally:
        print(f"\n{report.table()}")
    return 0


def _drill(found: Engine, report: Report, environ: Mapping[str, str], *, keep: bool) -> None:
    ports = {name: free_port() for name in ("PORT", "HTTPS_PORT", "HTTP_PORT")}
    product = Product(found, {name: str(port) for name, port in ports.items()} | _SETTINGS)
    images = Images(found, _HOME, real={"1": True, "0": False}.get(environ.get("REAL_IMAGES", "")))
    with report.step("engine") as row:
        row.outcome = f"Docker {found.version}, {'started for this' if found.ours else 'found running'}"
    drill = Drill(product, report, requests=int(environ.get("REQUESTS", "0")), size=int(environ.get("PEOPLE", "4")))
    with ExitStack() as stack:
        if not found.ours and not keep:
            stack.callback(images.remove)
        missing = asyncio.run(_prepare(product, images, report))
        stack.callback(lambda: asyncio.run(drill.take_down()))
        asyncio.run(drill.run(ports["PORT"], ports["HTTPS_PORT"]))
        asyncio.run(drill.observe([name for name in _OBSERVERS if name not in missing]))


# The person at the keyboard comes through Docker's own address, and tells who is who as a proxy would.
_SETTINGS = {"TRUSTED_PROXIES": "10.203.80.1", "CADDY_TRUSTED_PROXIES": "private_ranges", "FRONT_HOST": "127.0.0.1"}


async def _prepare(product: Product, images: Images, report: Report) -> set[str]:
    """Have the images, build ours, and return the services whose image could not be had."""
    product.profiles.add("*")
    model = await product.model()
    product.profiles.clear()
    with report.step("images") as row:
        lacking = images.have(named(model, IMAGE))
        kind = "stand-ins" if images.stand_ins else "pulled"
        row.outcome = f"{kind}; not to be had here: {', '.join(lacking) or 'none'}"
    with report.step("build of deploy/Dockerfile") as row:
        _build(product.engine, images)
        ours, base = (
            int(product.engine.docker("image", "inspect", "-f", "{{.Size}}", each)) for each in (IMAGE, built_upon())
        )
        row.outcome = f"{ours / 1e6:.0f} MB, of which {base / 1e6:.0f} MB are {built_upon()} ({kind})"
    return {name for name, service in model["services"].items() if service["image"] in lacking}


def _build(found: Engine, images: Images) -> None:
    command = ["build", "--quiet", "--file", str(DOCKERFILE), "--tag", IMAGE]
    if not images.stand_ins:
        found.docker(*command, str(ROOT))
        return
    with package_index() as url:
        arguments = ["--build-arg", f"PIP_INDEX_URL={url}", "--build-arg", f"UV_DEFAULT_INDEX={url}"]
        found.docker(*command, "--network", "host", *arguments, str(ROOT), DOCKER_BUILDKIT="0")


if __name__ == "__main__":
    raise SystemExit(main(os.environ))
