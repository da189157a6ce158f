"""The network between the gateways and the services: slow, resetting, and silent."""

import time

from tests.chaos.checks.answers import CUT
from tests.chaos.clients.caller import AUTH, FILES, PROFILES
from tests.chaos.gateway_metrics import metric
from tests.chaos.history import NO_ANSWER
from tests.chaos.scene import Scene

_SLOW = 0.2  # seconds
_WHILE = 4.0  # seconds of each fault
_BACK = 2.0  # seconds
_SHARE, _ALWAYS = 0.1, 10  # of all requests, and how many are free at first: what may be sent again
_BEHIND = AUTH | PROFILES | FILES
_DOWNLOADS = frozenset({"download"})  # whose head has gone already can only be broken off


async def spoil_networks(scene: Scene) -> None:
    """R10: no request is lost to latency, only what was under way to a reset, and no storm follows."""
    await _lead_gateways(scene, scene.stack.environ_of_networks)
    since, before = time.monotonic(), await _sent_again(scene)
    await _slow(scene)
    await _reset(scene)
    await _part(scene)
    await scene.recovered(_BACK)
    await scene.load(1.0)
    retries, requests = await _sent_again(scene) - before, len(scene.during(since, time.monotonic()))
    most = _SHARE * requests + _ALWAYS * len(scene.stack.networks)
    scene.notes.append(f"{retries:.0f} of {requests} requests were sent again")
    scene.demand(
        0 < retries <= most, f"{retries:.0f} requests were sent again: at most {most:.0f} may be, and some are"
    )
    await _lead_gateways(scene, scene.stack.environ_without_networks)


async def _lead_gateways(scene: Scene, environ: dict[str, str]) -> None:
    """Restart them in turn with other addresses of the services: which fails no request."""
    for gateway in scene.stack.of("gateway"):
        gateway.use(gateway.source, environ)
        await gateway.restart()


async def _slow(scene: Scene) -> None:
    for network in scene.stack.networks.values():
        network.delay = _SLOW
    await scene.load(_WHILE)
    for network in scene.stack.networks.values():
        network.delay = 0.0


async def _reset(scene: Scene) -> None:
    """Reset all connections to one instance of each service, again and again."""
    number = scene.dice.choice((1, 2))
    since = time.monotonic()
    while time.monotonic() < since + _WHILE:
        for name, network in scene.stack.networks.items():
            if name.endswith(f"-{number}"):
                network.reset_all()
        await scene.load(0.3)
    _excuse(scene, since, time.monotonic())


async def _part(scene: Scene) -> None:
    """Let nothing reach one instance of one service, without a word; then the connections are gone."""
    name = scene.dice.choice(sorted(scene.stack.networks))
    network, since = scene.stack.networks[name], time.monotonic()
    network.part()
    await scene.load(_WHILE)
    network.reset_all()
    network.heal()
    scene.over = time.monotonic()
    _excuse(scene, since, scene.over)


def _excuse(scene: Scene, since: float, until: float) -> None:
    scene.excuse(since, until, CUT, _BEHIND)
    scene.excuse(since, until, frozenset({NO_ANSWER}), _DOWNLOADS)


async def _sent_again(scene: Scene) -> float:
    """Return how many requests both gateways have sent a second time."""
    return sum([await metric(each, "gateway_upstream_retries_total") for each in scene.stack.of("gateway")])
