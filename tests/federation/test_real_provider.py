"""The whole stack beside a provider that isn't ours: `oidc-provider`, through its own pages, over real HTTP.

It needs node, hence a make target of its own. What a provider may do wrong is tried with one of ours, in
tests/integration/auth_service/providers.
"""

import itertools
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from auth_service.pkce import challenge_of, new_verifier
from tests.e2e.stack import Stack, free_port, running_stack, state_folder
from tests.federation.person import visiting

HERE = Path(__file__).parent
CLIENTS = ("rsa", "elliptic", "public")
APP = "org.example.app:/signed-in"
ADDRESSES = (f"127.77.{number // 250}.{1 + number % 250}" for number in itertools.count())


@dataclass(frozen=True, slots=True)
class World:
    """`url` is the installation's."""

    stack: Stack
    url: str


@contextmanager
def running_provider(port: int, callbacks: dict[str, str], *, email_in_id_token: bool) -> Iterator[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "PORT": str(port),
        "CALLBACKS": json.dumps(callbacks),
        "EMAIL_IN_ID_TOKEN": "yes" if email_in_id_token else "no",
    }
    command = ["node", str(HERE / "provider.mjs")]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as peer:
        try:
            assert peer.stdout is not None
            said = peer.stdout.readline()
            assert said.startswith("listening at "), "the provider didn't start"
            yield said.split()[-1]
        finally:
            peer.terminate()


def declarations(issuer: str) -> str:
    secrets = {name: f'client_secret = "s3cret of {name} & more"' for name in CLIENTS[:-1]}
    return "".join(
        f"""
[[provider]]
id = "{name}"
label = "The {name} client"
issuer = "{issuer}"
client_id = "{name}"
{secrets.get(name, "")}
"""
        for name in CLIENTS
    )


@pytest.fixture(
    scope="session", params=["", "/app"], ids=["address in the ID token", "address at userinfo, below a path"]
)
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    with state_folder() as state:
        port, peer_port = free_port(), free_port()
        url = f"http://127.0.0.1:{port}{request.param}"
        callbacks = {name: f"{url}/account/sign-in/with/{name}/callback" for name in CLIENTS}
        with running_provider(peer_port, callbacks, email_in_id_token=not request.param) as issuer:
            file = state.parent / "providers.toml"
            file.write_text(declarations(issuer))
            settings = {"AUTH_PROVIDERS_FILE": str(file), "AUTH_REDIRECT_URIS": APP, "PUBLIC_URL": url}
            with running_stack(state, port, **settings) as stack:
                yield World(stack, url)


@pytest.mark.parametrize("client", CLIENTS)
async def test_person_signs_in_and_is_known_again(world: World, client: str) -> None:
    """With each algorithm, and with and without a secret."""
    name = f"ada-{client}"
    async with visiting(name, world.url, next(ADDRESSES)) as ada:
        assert await ada.sign_in(client, "/account/sessions") == f"{world.url}/account/sessions"
        status, sessions = await ada.call("GET", "/v1/auth/sessions")
        assert (status, len(sessions["items"])) == (200, 1)
        (_, identities) = await ada.call("GET", "/v1/auth/identities")
        assert [(each["provider"], each["email"]) for each in identities["items"]] == [(client, f"{name}@example.org")]
        _, me = await ada.call("GET", "/v1/users/me")
    async with visiting(name, world.url, next(ADDRESSES)) as again:
        await again.sign_in(client)
        assert (await again.call("GET", "/v1/users/me"))[1]["id"] == me["id"]


async def test_unverified_person_is_refused(world: World) -> None:
    """A14"""
    async with visiting("unverified-eve", world.url, next(ADDRESSES)) as eve:
        with pytest.raises(AssertionError, match="provider_email_unverified"):
            await eve.sign_in("rsa")
        assert (await eve.call("GET", "/v1/auth/sessions"))[0] == 401


async def test_address_that_is_taken_asks_for_a_link(world: World) -> None:
    """A14"""
    credentials = {"email": "squatted@example.org", "password": "correct horse battery", "session": "browser"}
    async with visiting("squatted", world.url, next(ADDRESSES)) as owner:
        assert (await owner.call("POST", "/v1/auth/register", json=credentials))[0] == 201
        owner.session.cookie_jar.clear()
        with pytest.raises(AssertionError, match="link_required"):
            await owner.sign_in("rsa")

        assert (await owner.call("POST", "/v1/auth/login", json=credentials))[0] == 200
        status, begun = await owner.call("POST", "/v1/auth/identities/rsa/start", json={"return_to": "/account/linked"})
        assert status == 200
        assert await owner.follow(begun["authorization_url"]) == f"{world.url}/account/linked"
        owner.session.cookie_jar.clear()
        assert await owner.sign_in("rsa") == f"{world.url}/account"

        _, identities = await owner.call("GET", "/v1/auth/identities")
        status, _ = await owner.call("DELETE", f"/v1/auth/identities/{identities['items'][0]['id']}")
        assert status == 204


async def test_last_way_in_is_kept(world: World) -> None:
    async with visiting("only-here", world.url, next(ADDRESSES)) as person:
        await person.sign_in("rsa")
        _, identities = await person.call("GET", "/v1/auth/identities")
        status, problem = await person.call("DELETE", f"/v1/auth/identities/{identities['items'][0]['id']}")
        assert (status, problem["code"]) == (409, "last_way_in")


async def test_app_signs_in(world: World) -> None:
    verifier = new_verifier()
    body = {"redirect_to": APP, "code_challenge": challenge_of(verifier)}
    async with visiting("ada-with-an-app", world.url, next(ADDRESSES)) as ada:
        _, begun = await ada.call("POST", "/v1/auth/providers/public/start", json=body)
        location = await ada.follow(begun["authorization_url"])
        assert location.startswith(f"{APP}?")
        code = parse_qs(urlsplit(location).query)["code"][0]
        redemption = {"code": code, "code_verifier": verifier}
        status, tokens = await ada.call("POST", "/v1/auth/providers/redeem", json=redemption)
        assert status == 200
        ada.session.cookie_jar.clear()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        assert (await ada.call("GET", "/v1/users/me", headers=bearer))[1]["id"] == tokens["user_id"]


async def test_way_back_is_gone_once(world: World) -> None:
    """A16"""
    async with visiting("ada-replayed", world.url, next(ADDRESSES)) as ada:
        seen: list[str] = []
        step = ada._step

        async def watched(method: str, address: str, form: dict[str, str] | None = None) -> str:
            seen.append(address)
            return await step(method, address, form)

        ada._step = watched  # type: ignore[method-assign]
        await ada.sign_in("rsa")
        (back,) = [address for address in seen if "/callback?" in address]
        assert "iss=" in back  # RFC 9207
        with pytest.raises(AssertionError, match="invalid_sign_in_flow"):
            await step("GET", back)
