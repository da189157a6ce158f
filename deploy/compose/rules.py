"""What must hold of docker-compose.yml beyond its syntax. Pure: each rule reads Compose's own resolved model
(`docker compose config --format json`) and yields one line per breach.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Model = Mapping[str, Any]
Rule = Callable[[Model], Iterator[str]]

_WAYS_OUT = {"gateway": "edge", "auth_service": "outbound", "caddy": "public", "alertmanager": "alerts"}
_HERE = "127.0.0.1"
_PUBLISHED = {"gateway": _HERE, "grafana": _HERE, "kibana": _HERE, "caddy": None}  # None: where the operator says
SECRETS_JOB = "secrets"
MAY_CHOWN = (SECRETS_JOB, "caddy_data")  # one-shot jobs that hand files to their users
_CAPABILITIES = {SECRETS_JOB: ["CHOWN"], "caddy_data": ["CHOWN"], "caddy": ["NET_BIND_SERVICE"]}
_ROOT = (*MAY_CHOWN, "alloy", "filebeat")  # the latter read Docker's log files, as their owner and without capabilities
_WRITABLE = ("elasticsearch", "kibana")  # which keep things beside their programs
_NO_WAY_OUT = {"com.docker.network.bridge.enable_ip_masquerade": "false"}
_SECRET_NAME = re.compile(r"(PASSWORD|PEPPER|_KEY|DATABASE_[A-Z_]*URL|VALKEY_URL)$")


def breaches(model: Model) -> list[str]:
    return [line for rule in RULES for line in rule(model)]


def only_front_doors_are_published(model: Model) -> Iterator[str]:
    """What ends TLS, to the world; the gateway and what people look at, on this host alone."""
    for name, service in _services(model):
        for port in service.get("ports", ()):
            if name not in _PUBLISHED or _PUBLISHED[name] not in (None, port.get("host_ip")):
                yield f"{name}: publishes {port.get('host_ip', '*')}:{port.get('published')}"


def few_have_a_way_out(model: Model) -> Iterator[str]:
    """Each on a network of its own: gateway and caddy, published there; auth_service, for mail; alertmanager."""
    outward = {name for name, network in model["networks"].items() if _leads_out(network)}
    for name, service in _services(model):
        if leaks := (outward & set(service.get("networks") or ())) - {_WAYS_OUT.get(name)}:
            yield f"{name}: is on {', '.join(sorted(leaks))}, which isn't internal"
        if not service.get("networks") and service.get("network_mode") != "none":
            yield f"{name}: names no network"


def containers_can_do_little(model: Model) -> Iterator[str]:
    for name, service in _services(model):
        if not service.get("read_only") and name not in _WRITABLE:
            yield f"{name}: its root file system is writable"
        if service.get("cap_drop") != ["ALL"] or service.get("cap_add", []) != _CAPABILITIES.get(name, []):
            yield f"{name}: keeps capabilities"
        if "no-new-privileges:true" not in service.get("security_opt", ()):
            yield f"{name}: may gain privileges"
        if str(service.get("user", "")).startswith(("0", "root")) and name not in _ROOT:
            yield f"{name}: runs as root"


def the_host_is_only_read(model: Model) -> Iterator[str]:
    for name, service in _services(model):
        for volume in service.get("volumes", ()):
            if volume.get("type") != "bind":
                continue
            if not volume.get("read_only"):
                yield f"{name}: may write {volume['source']} of the host"
            if volume["source"].endswith("docker.sock"):
                yield f"{name}: has Docker's socket, and with it the host"


def resources_are_bounded(model: Model) -> Iterator[str]:
    for name, service in _services(model):
        limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
        if missing := {"cpus", "memory", "pids"} - set(limits):
            yield f"{name}: no limit of {', '.join(sorted(missing))}"


def what_serves_is_watched_and_stopped_gently(model: Model) -> Iterator[str]:
    for name, service in _services(model):
        if service.get("restart") == "no":  # a one-shot job
            continue
        if "healthcheck" not in service:
            yield f"{name}: no health check"
        drain = float((service.get("environment") or {}).get("DRAIN_SECONDS", 0))
        if _seconds(service.get("stop_grace_period", "10s")) <= drain:
            yield f"{name}: is killed before it has drained"


def images_are_pinned(model: Model) -> Iterator[str]:
    for name, service in _services(model):
        tag = service.get("image", "").rpartition("/")[2].partition(":")[2]
        if tag in {"", "latest"}:
            yield f"{name}: its image has no fixed tag"


def secrets_are_files_of_one_reader(model: Model) -> Iterator[str]:
    readers: dict[str, set[str]] = {}
    for name, service in _services(model):
        for variable in service.get("environment") or {}:
            if _SECRET_NAME.search(variable):
                yield f"{name}: {variable} is in the environment; give {variable}_FILE"
        for volume in service.get("volumes", ()):
            if not volume["source"].startswith("secrets") or name == SECRETS_JOB:
                continue
            readers.setdefault(volume["source"], set()).add(name)
            if not volume.get("read_only"):
                yield f"{name}: may write {volume['source']}"
    for volume, names in readers.items():
        if names != {volume.removeprefix("secrets_")}:
            yield f"{volume}: is read by {', '.join(sorted(names))}"


RULES: tuple[Rule, ...] = (
    only_front_doors_are_published,
    few_have_a_way_out,
    containers_can_do_little,
    the_host_is_only_read,
    resources_are_bounded,
    what_serves_is_watched_and_stopped_gently,
    images_are_pinned,
    secrets_are_files_of_one_reader,
)


def _leads_out(network: Mapping[str, Any]) -> bool:
    return not network.get("internal") and network.get("driver_opts") != _NO_WAY_OUT


def _services(model: Model) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from model["services"].items()


def _seconds(duration: str) -> float:
    """Read a Go duration such as `1m30s`."""
    units = {"h": 3600, "m": 60, "s": 1}
    return sum(float(number) * units[unit] for number, unit in re.findall(r"([\d.]+)([hms])", duration))
