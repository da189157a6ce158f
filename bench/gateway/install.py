"""Brings what isn't there: Debian's packages where we are root, and Node's, whose exact versions stand here.

The peers that come as wheels are locked in requirements/bench.txt, and installed by make.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.gateway.setting import BENCH

_NEEDED = {"/usr/bin/wrk": "wrk", "/usr/sbin/nginx": "nginx-light"}
_PEERS = {
    "/usr/sbin/haproxy": "haproxy",
    "/usr/lib/nginx/modules/ngx_http_lua_module.so": "libnginx-mod-http-lua",
    "/usr/lib/x86_64-linux-gnu/lua/5.1/_openssl.so": "lua-luaossl",
    "/usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so": "lua-cjson",
}
_NODE = ("fastify@5.12.8", "@fastify/http-proxy@11.6.3", "@fastify/rate-limit@11.2.0", "fast-jwt@6.3.6")
_POLICY = Path("/usr/sbin/policy-rc.d")


def install(*, peers: bool) -> None:
    """What is missing in the end leaves its peers out; without wrk and nginx nothing can be measured."""
    wanted = {**_NEEDED, **_PEERS} if peers else _NEEDED
    missing = [package for path, package in wanted.items() if not Path(path).exists()]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        _apt(missing)
    elif missing:
        print(f"Missing, and left out: {' '.join(missing)} (as root: apt-get install {' '.join(missing)})")
    if not all(shutil.which(Path(path).name, path="/usr/bin:/usr/sbin") for path in _NEEDED):
        raise SystemExit("wrk and nginx are needed: on Debian and Ubuntu, apt-get install wrk nginx-light")
    if peers:
        _node()


def _apt(packages: Sequence[str]) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    print(f"apt-get install {' '.join(packages)}", flush=True)
    with _no_service_is_started():
        for arguments in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *arguments], env=environ, stdout=subprocess.DEVNULL, check=False)


@contextmanager
def _no_service_is_started() -> Iterator[None]:
    """Debian starts what it installs, unless this file says no."""
    ours = not _POLICY.exists()
    if ours:
        _POLICY.write_text("#!/bin/sh\nexit 101\n")
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink()


def _node() -> None:
    folder, mark = BENCH / "node", BENCH / "node" / "installed"
    if mark.exists() and mark.read_text() == " ".join(_NODE):
        return
    npm = shutil.which("npm")
    if not npm:
        print("Missing, and left out: Node and npm")
        return
    folder.mkdir(parents=True, exist_ok=True)
    flags = ["--prefix", str(folder), "--no-save", "--no-package-lock", "--ignore-scripts", "--silent"]
    if subprocess.run([npm, "install", *flags, *_NODE], check=False).returncode == 0:
        mark.write_text(" ".join(_NODE))
