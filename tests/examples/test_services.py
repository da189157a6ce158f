"""Services of one's own behind the gateway, in Node and in Python. They need node, hence a make target of their own."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from shared.identity import ANONYMOUS, HEADER, Identity, Kind, Signer, key_id
from tests.e2e.stack import ROOT, Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

EXAMPLES = ROOT / "examples"
PROGRAMS = {
    "node": ("node", str(EXAMPLES / "node-service" / "server.mjs")),
    "python": (sys.executable, str(EXAMPLES / "python-service" / "server.py")),
}
USER = Identity(Kind.USER, "0190a2b4-0000-7000-8000-000000000000", "s", ("profile",))


@dataclass(frozen=True, slots=True)
class World:
    """The stack, whose gateway doesn't know the service yet, and the service at `url`."""

    stack: Stack
    routes: Path
    url: str

    def signer(self, issuer: str = "gateway") -> Signer:
        return Signer.from_file(issuer, self.stack.state / "secrets" / f"{issuer}.pem")


@pytest.fixture(scope="session", params=list(PROGRAMS))
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with state_folder() as state:
        routes = state.parent / "routes.toml"
        routes.write_text((ROOT / "gateway" / "routes.toml").read_text())
        with (
            running_stack(state, ROUTES_FILE=str(routes)) as stack,
            running_service(PROGRAMS[request.param], state / "secrets" / "trust.json") as url,
        ):
            yield World(stack, routes, url)


@contextmanager
def running_service(program: Sequence[str], trust_file: Path) -> Iterator[str]:
    with subprocess.Popen(
        program,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "TRUST_FILE": str(trust_file), "PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        try:
            assert service.stdout is not None
            yield service.stdout.readline().split()[-1]
        finally:
            service.terminate()


async def asked_directly(world: World, assertion: str | None) -> int:
    async with Visitor.at(world.url) as visitor:
        headers = {HEADER: assertion} if assertion is not None else {}
        return (await visitor.call("GET", "/v1/notes", headers=headers)).status


async def test_route_added_while_the_gateway_runs_leads_to_the_service(world: World) -> None:
    added = (EXAMPLES / "node-service" / "route.toml").read_text()
    async with Visitor.at(world.stack.url) as ada:
        await ada.register("ada@example.org")
        assert (await ada.call("GET", "/v1/notes/1")).status == 404

        with world.routes.open("a") as file:
            file.write(added.replace("http://127.0.0.1:9000", world.url))

        async def is_there() -> bool:
            return (await ada.call("GET", "/v1/notes/1?a=b")).status == 200

        await eventually(is_there)
        answer = (await ada.call("GET", "/v1/notes/1?a=b", headers={HEADER: "forged"})).json()
        assert (answer["kind"], answer["user_id"], answer["path"]) == ("user", ada.user_id, "/v1/notes/1?a=b")
        assert answer["scopes"]

        ada.tokens = {}
        assert (await ada.call("GET", "/v1/notes/1")).status == 401


async def test_service_answers_nobody_without_an_assertion(world: World) -> None:
    """G8: not on loopback either."""
    assert await asked_directly(world, None) == 401
    async with Visitor.at(world.url) as visitor:
        assert (await visitor.call("GET", "/v1/notes", headers={"Authorization": "Bearer x"})).code == "unauthenticated"


async def test_service_takes_what_the_gateway_says_to_it(world: World) -> None:
    assert await asked_directly(world, world.signer().sign(USER, "notes")) == 200
    assert await asked_directly(world, world.signer().sign(ANONYMOUS, "notes")) == 200


async def test_service_takes_nothing_else(world: World) -> None:
    """G8, G25: each differs from a good assertion in one thing."""
    gateway, stranger = world.signer(), Signer("gateway", ec.generate_private_key(ec.SECP256R1()))
    good = gateway.sign(USER, "notes")
    for name, token in {
        "another audience": gateway.sign(USER, "user_service"),
        "another issuer": world.signer("user_service").sign(USER, "notes"),
        "another key": stranger.sign(USER, "notes"),
        "a process's own": gateway.sign_self("notes"),
        "two of them": f"{good}, {good}",
        "padding": f"{good}=",
        "a cut one": good[:-1],
        "a changed one": good.replace(".", ".e", 1),
        "nothing": "",
        "five kilobytes of nothing": "a." * 2500,
    }.items():
        assert await asked_directly(world, token) == 401, name


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        pytest.param({"typ": "at+jwt"}, {}, id="another type"),
        pytest.param({"crit": ["exp"]}, {}, id="crit"),
        pytest.param({"kid": "../../etc/passwd"}, {}, id="unknown key"),
        pytest.param({}, {"exp": int(time.time()) - 60, "iat": int(time.time()) - 120}, id="expired"),
        pytest.param({}, {"exp": int(time.time()) + 3600}, id="living too long"),
        pytest.param({}, {"exp": None}, id="without an end"),
        pytest.param({}, {"iss": "user_service"}, id="another issuer, signed by the gateway"),
        pytest.param({}, {"aud": ["notes", "files"]}, id="several audiences"),
        pytest.param({}, {"kind": "service"}, id="a service"),
        pytest.param({}, {"kind": "root"}, id="unknown kind"),
        pytest.param({}, {"sub": ""}, id="nobody"),
    ],
)
async def test_service_pins_every_claim(world: World, header: dict[str, Any], claims: dict[str, Any]) -> None:
    """G25"""
    assert await asked_directly(world, signed(world, {}, {})) == 200
    assert await asked_directly(world, signed(world, header, claims)) == 401


def signed(world: World, header: dict[str, Any], claims: dict[str, Any]) -> str:
    key = load_pem_private_key((world.stack.state / "secrets" / "gateway.pem").read_bytes(), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    now = int(time.time())
    good = {"iss": "gateway", "aud": "notes", "iat": now, "exp": now + 60, "kind": "user", "sub": USER.subject}
    payload = json.dumps({name: value for name, value in (good | claims).items() if value is not None})
    headers = {"typ": "identity+jwt", "kid": key_id(key.public_key()), "alg": "ES256"} | header
    return jwt.api_jws.PyJWS().encode(payload.encode(), key, "ES256", headers)
