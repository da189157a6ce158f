"""What a container of the product can't do, asked within each."""

import asyncio
import json

from tests.compose.product import PROGRAMS, Product

_TOOLS = ("pip", "pip3", "uv", "gcc", "cc", "make", "g++", "ld", "git", "curl", "wget")
# Prints what the kernel says of the process, and what it finds when it tries what it mustn't be able to do.
_PROBE = """
import json, os, pathlib, shutil, sys, importlib.util
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
def refused(path):
    try:
        open(path, "w").close()
    except OSError as exc:
        return type(exc).__name__, exc.errno
    os.unlink(path)
    return "written", 0
print(json.dumps({
    "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(),
    "effective": status["CapEff"].strip(), "bounding": status["CapBnd"].strip(),
    "no_new_privileges": status["NoNewPrivs"].strip(), "seccomp": status["Seccomp"].strip(),
    "written": [path for path in ("/x", "/app/x.py", "/opt/venv/x", "/etc/x", "/run/colonnade/x", "/usr/local/bin/x")
                if refused(path)[0] == "written"],
    "tools": [name for name in sys.argv[1:] if shutil.which(name)],
    "modules": [name for name in ("pip", "setuptools", "ensurepip") if importlib.util.find_spec(name)],
    "secrets": [name for name in os.environ if any(w in name for w in ("PASSWORD", "SECRET", "PEPPER", "_KEY"))
                and not name.endswith("_FILE") and os.environ[name]],
    "modes": sorted({oct(p.stat().st_mode & 0o777) for p in pathlib.Path("/run/colonnade").iterdir()}),
}))
"""
# Whom each program must not reach: (host, port) that another of the stack's networks has, or the world.
_UNREACHABLE = {
    "gateway": ("postgres:5432",),
    "auth_service": ("valkey:6379",),
    "user_service": ("valkey:6379", "192.0.2.1:443"),
    "file_service": ("valkey:6379", "192.0.2.1:443"),
}
_DIAL = """
import socket, sys
host, _, port = sys.argv[1].partition(":")
try:
    socket.create_connection((host, int(port)), timeout=2)
except OSError as exc:
    print(type(exc).__name__, exc)
    sys.exit(0)
sys.exit("reached")
"""


async def check_container(product: Product, service: str) -> None:
    """Fails with whatever the container could do."""
    code, said = await product.execute(service, "python", "-c", _PROBE, *_TOOLS)
    assert code == 0, said
    found = json.loads(said)
    expected = {
        "uid": 10001,
        "gid": 10001,
        "effective": "0" * 16,
        "bounding": "0" * 16,
        "no_new_privileges": "1",
        "seccomp": "2",
        "written": [],
        "tools": [],
        "modules": [],
        "secrets": [],
        "modes": ["0o600"],
    }
    assert {name: found[name] for name in expected} == expected, (service, found)
    assert set(found["groups"]) <= {10001}, (service, found)
    await _check_networks(product, service)


async def _check_networks(product: Product, service: str) -> None:
    for place in _UNREACHABLE[service]:
        code, said = await product.execute(service, "python", "-c", _DIAL, place)
        assert code == 0, f"{service} reaches {place}: {said}"


async def check_all(product: Product) -> str:
    for service in PROGRAMS:
        await check_container(product, service)
    await asyncio.gather(*(_check_init(product, service) for service in PROGRAMS))
    return "user 10001, no capability, nothing writable, no pip, compiler or fetcher, secrets 0600, networks apart"


async def _check_init(product: Product, service: str) -> None:
    [container, *_] = await product.containers(service)
    settings = (await product.inspect(container))["HostConfig"]
    assert settings["ReadonlyRootfs"], service
    assert not settings["Privileged"], service
