from pathlib import Path
from uuid import UUID

import pytest

from shared.identity import HEADER, Kind, Verifier, load_trust
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.unit.gateway.authentication.issuing import Issuer
from tests.waiting import eventually


async def ask(gateway: RunningGateway, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    async with gateway.client.get(f"{gateway.url}/{path}", headers=headers) as answer:
        return answer.status, answer.headers.get("WWW-Authenticate", "")


def kinds(gateway: RunningGateway, folder: Path) -> list[Kind]:
    verifier = Verifier(load_trust(folder / "trust.json"), "user_service")
    return [verifier.verify(request.headers[HEADER]).kind for request in gateway.echo.seen]


BAD = 'Bearer error="invalid_token"'


@pytest.mark.parametrize("authorization", ["Bearer rubbish", "Bearer\tx", "Basic YTpi", "Bearer", ""])
async def test_bad_credentials_are_refused_and_never_forwarded_as_anonymous(
    gateway: RunningGateway, authorization: str
) -> None:
    """G9, G26"""
    for path in ("mine", "maybe"):
        assert await ask(gateway, path, {"Authorization": authorization}) == (401, BAD)
    assert not gateway.echo.seen


@pytest.mark.parametrize(
    ("authorization", "told"), [("t0ken", True), ("Basic YTpi", True), ("Bearer", True), ("bearer rubbish", False)]
)
async def test_how_a_token_is_sent_is_told_to_who_sends_it_otherwise(
    gateway: RunningGateway, authorization: str, *, told: bool
) -> None:
    """What is wrong with a token itself isn't."""
    async with gateway.client.get(f"{gateway.url}/mine", headers={"Authorization": authorization}) as answer:
        problem = await answer.json()
    assert problem["code"] == "invalid_token"
    assert ("Authorization: Bearer TOKEN" in problem.get("detail", "")) is told


async def test_two_authorization_headers_are_refused(gateway: RunningGateway) -> None:
    """G26"""
    line = f"Authorization: {gateway.bearer()['Authorization']}\r\n"
    request = f"GET /mine HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{line}{line}\r\n"
    assert (await gateway.raw(request.encode())).startswith(b"HTTP/1.1 401")


async def test_anonymous_is_asserted_where_it_may_be(gateway: RunningGateway, tmp_path: Path) -> None:
    assert await ask(gateway, "mine") == (401, "Bearer")
    assert await ask(gateway, "maybe") == (200, "")
    assert await ask(gateway, "open") == (200, "")
    assert await ask(gateway, "open", {"Authorization": "Bearer expired-or-rubbish"}) == (200, "")
    assert await ask(gateway, "maybe", gateway.bearer()) == (200, "")
    assert kinds(gateway, tmp_path) == [Kind.ANONYMOUS] * 3 + [Kind.USER]


async def test_forged_token_is_refused(gateway: RunningGateway) -> None:
    """G25: the whole table is tests/unit/gateway/authentication/test_tokens.py."""
    stranger = Issuer()
    forged = stranger.token(header={"kid": gateway.issuer.jwk["kid"]})
    assert await ask(gateway, "mine", {"Authorization": f"Bearer {forged}"}) == (401, BAD)


async def test_revoked_access_token_is_dead_within_a_second(gateway: RunningGateway) -> None:
    """A5, A6: also where it was verified and cached before, and without Valkey having any part in it."""
    token = gateway.bearer()
    assert (await ask(gateway, "mine", token))[0] == 200
    gateway.feed.revoke(UUID(gateway.issuer.session_id))

    async def is_refused() -> bool:
        return await ask(gateway, "mine", token) == (401, BAD)

    await eventually(is_refused, within=1.0)
    assert await ask(gateway, "mine", gateway.bearer()) == (401, BAD)


async def test_existing_tokens_verify_while_auth_service_is_down(gateway: RunningGateway) -> None:
    """R4"""
    seen = gateway.bearer()
    assert (await ask(gateway, "mine", seen))[0] == 200
    gateway.feed.is_down = True
    gateway.feed.wake()
    assert (await ask(gateway, "mine", seen))[0] == 200
    assert (await ask(gateway, "mine", gateway.bearer(jti="another")))[0] == 200


async def test_only_public_routes_answer_until_revocations_are_known(tmp_path: Path, valkey_url: str) -> None:
    async with run_gateway(tmp_path, valkey_url, AUTH_INTERNAL_URL="http://127.0.0.1:9") as gateway:
        assert (await ask(gateway, "open"))[0] == 200
        assert (await ask(gateway, "mine", gateway.bearer()))[0] == 503
        assert (await ask(gateway, "mine"))[0] == 401
        async with gateway.client.get(f"http://127.0.0.1:{gateway.private_port}/readyz") as answer:
            assert answer.status == 503
            assert (await answer.json())["checks"]["revocations"] != "ok"


async def test_first_use_of_a_generation_is_reported(gateway: RunningGateway) -> None:
    for _ in range(3):
        await ask(gateway, "mine", gateway.bearer(gen=4))

    async def is_reported() -> bool:
        return gateway.feed.confirmed == [{"session_id": gateway.issuer.session_id, "generation": 4}]

    await eventually(is_reported)


async def test_rotated_key_is_picked_up(gateway: RunningGateway) -> None:
    """A25"""
    await ready(gateway)
    gateway.issuer = Issuer()
    gateway.jwks["document"] = gateway.issuer.jwks()
    assert (await ask(gateway, "mine", gateway.bearer()))[0] == 200
