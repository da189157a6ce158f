"""GET /explain: what it says will happen is what happens, and asking it changes nothing."""

import json
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prometheus_client import REGISTRY

from shared.metrics import REQUEST_SECONDS
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.limits.conftest import OwnValkey
from tests.integration.gateway.live_service import KEY
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway, status
from tests.unit.gateway.authentication.issuing import Issuer
from tests.waiting import eventually

Headers = tuple[str, ...]
HANDSHAKE = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {KEY}")
PREFLIGHT = ("Origin: https://app.example.org", "Access-Control-Request-Method: GET")

REQUESTS: list[tuple[str, str, Headers]] = [
    ("GET", "/", ()),
    ("HEAD", "/", ()),
    ("POST", "/", ()),
    ("GET", "/nothing", ()),
    ("GET", "/open", ()),
    ("GET", "/open/deep/er?x=1", ()),
    ("GET", "/opener", ()),
    ("POST", "/open", ("Content-Length: 0",)),
    ("PUT", "/open", ("Content-Length: 0", "Expect: 200-maybe")),
    ("GET", "/open/%2e%2e/mine", ()),
    ("GET", "/open//x", ()),
    ("GET", "/op%65n", ()),
    ("GET", "/open#x", ()),
    ("GET", "http://elsewhere.example/open", ()),
    ("GET", "/metrics", ()),
    ("GET", "/internal/events", ()),
    ("TRACE", "/open", ()),
    ("BREW", "/open", ()),
    ("GET", "/open", ("Host: a", "Host: b")),
    ("GET", "/open", ("Host: a b",)),
    ("GET", "/open", ("Broken Name: x",)),
    ("GET", "/open", tuple(f"X-{number}: y" for number in range(101))),
    ("OPTIONS", "/open", PREFLIGHT),
    ("OPTIONS", "/open", ("Origin: https://stranger.example", "Access-Control-Request-Method: GET")),
    ("OPTIONS", "/nothing", PREFLIGHT),
    ("OPTIONS", "/open", ()),
    ("GET", "/mine", ()),
    ("GET", "/mine", ("Authorization: Basic YTpi",)),
    ("GET", "/mine", ("Authorization: Bearer rubbish",)),
    ("GET", "/mine", ("Authorization: Bearer a", "Authorization: Bearer b")),
    ("GET", "/open", ("Authorization: Bearer rubbish",)),
    ("GET", "/maybe", ()),
    ("GET", "/maybe", ("Authorization: Bearer rubbish",)),
    ("POST", "/small", ("Content-Length: 11",)),
    ("POST", "/small", ("Content-Length: 0",)),
    ("GET", "/lobby", ()),
    ("GET", "/lobby", (*HANDSHAKE, "Origin: https://stranger.example")),
    ("GET", "/live", HANDSHAKE),
]


async def explain(gateway: RunningGateway, method: str, path: str, *headers: str, peer: str = "127.0.0.1") -> Any:
    query = [("method", method), ("path", path), ("peer", peer), *(("header", line) for line in headers)]
    url = f"http://127.0.0.1:{gateway.private_port}/explain"
    async with gateway.client.get(url, params=query, headers={"Accept": "application/json"}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def counted() -> Mapping[tuple[str, str], float]:
    """Return how many requests of each (route, status) the public port has answered."""
    sums: Counter[tuple[str, str]] = Counter()
    for sample in next(iter(REQUEST_SECONDS.collect())).samples:
        route = sample.labels["route"]
        if sample.name.endswith("_count") and not route.startswith("/"):  # the private ports' routes are templates
            sums[route, sample.labels["status"]] += int(sample.value)
    return sums


def step(report: Any, name: str) -> Any:
    return next(each for each in report["steps"] if each["name"] == name)


async def same(gateway: RunningGateway, method: str, path: str, *headers: str) -> Any:
    """Explain a request, then make it, and compare status and route; the service behind always answers 200."""
    before = counted()
    report = await explain(gateway, method, path, *headers)
    assert counted() == before
    assert not gateway.echo.seen
    host = () if any(line.startswith("Host:") for line in headers) else ("Host: h",)
    lines = (f"{method} {path} HTTP/1.1", *host, "Connection: close", *headers, "", "")
    lines = tuple(line for line in lines if line != "Connection: close") if "Connection: Upgrade" in headers else lines
    body = b"x" * sum(int(line.partition(":")[2]) for line in headers if line.startswith("Content-Length:"))
    answered = status(await gateway.raw("\r\n".join(lines).encode() + body))
    predicted = report["status"] or 200
    assert (report["outcome"] == "forwarded") == bool(gateway.echo.seen)
    assert answered == predicted, report

    async def grown() -> list[tuple[str, str]]:
        after = counted()
        return [key for key, count in after.items() if count > before.get(key, 0.0)]

    assert await eventually(grown) == [(report["route"], str(predicted))]
    gateway.echo.seen.clear()
    return report


@pytest.fixture
def own_valkey() -> Iterator[OwnValkey]:
    with tempfile.TemporaryDirectory(prefix="colonnade-valkey-") as folder:
        valkey = OwnValkey(Path(folder))
        yield valkey
        valkey.kill()


@pytest.mark.parametrize(("method", "path", "headers"), REQUESTS)
async def test_what_is_explained_is_what_happens(
    gateway: RunningGateway, method: str, path: str, headers: Headers
) -> None:
    await same(gateway, method, path, *headers)


FLAWED: dict[str, tuple[Callable[[Issuer], str], str]] = {
    "expired": (lambda issuer: issuer.token(exp=int(time.time()) - 720, iat=int(time.time()) - 1320), "has expired"),
    "other audience": (lambda issuer: issuer.token(aud="elsewhere"), "aud isn't colonnade"),
    "other issuer": (lambda issuer: issuer.token(iss="https://elsewhere.example"), "iss isn't PUBLIC_URL"),
    "unknown kid": (lambda issuer: issuer.token(header={"kid": "b" * 32}), "no key with its kid"),
    "forged": (lambda issuer: Issuer().token(header={"kid": issuer.jwk["kid"]}), "signature isn't that"),
    "no session": (lambda issuer: issuer.token(sid=None), 'missing the "sid" claim'),
    "other type": (lambda issuer: issuer.token(header={"typ": "JWT"}), "an access token of ours"),
    "too long a life": (lambda issuer: issuer.token(exp=int(time.time()) + 9000), "not the times"),
    "malformed": (lambda _issuer: "rub.bish-rubbish", "three segments"),
}


@pytest.mark.parametrize("flaw", FLAWED)
async def test_exact_flaw_of_a_token_is_told_to_operators(gateway: RunningGateway, flaw: str) -> None:
    """G25: clients get one answer for all of them."""
    make, reason = FLAWED[flaw]
    token = make(gateway.issuer)
    report = await same(gateway, "GET", "/mine", f"Authorization: Bearer {token}")
    assert report["code"] == "invalid_token"
    assert reason in step(report, "authentication")["why"]
    assert token not in json.dumps(report)
    assert token.rpartition(".")[2] not in json.dumps(report)


async def test_expired_token_is_told_since_when(gateway: RunningGateway) -> None:
    token = gateway.issuer.token(exp=int(time.time()) - 750, iat=int(time.time()) - 1300)
    report = await explain(gateway, "GET", "/mine", f"Authorization: Bearer {token}")
    assert "it expired 12 min ago" in step(report, "authentication")["why"]


async def test_revoked_session_is_told(gateway: RunningGateway) -> None:
    authorization = f"Authorization: Bearer {gateway.issuer.token()}"
    assert (await same(gateway, "GET", "/mine", authorization))["outcome"] == "forwarded"
    gateway.feed.revoke(UUID(gateway.issuer.session_id))

    async def is_known() -> bool:
        return "its session is revoked" in str(await explain(gateway, "GET", "/mine", authorization))

    await eventually(is_known)
    assert (await same(gateway, "GET", "/mine", authorization))["status"] == 401


async def test_good_token_is_told_as_whom_it_stands_for(gateway: RunningGateway) -> None:
    token = gateway.issuer.token()
    report = await explain(gateway, "GET", "/mine?share=s3cret", f"Authorization: Bearer {token}", "Cookie: session=x")
    assert step(report, "authentication")["facts"]["who"]["user_id"] == gateway.issuer.user_id
    headers = dict(report["request_headers"])
    assert headers["X-Identity"]["kind"] == "user"
    assert headers["X-Identity"]["aud"] == "user_service"
    assert {"Authorization", "Cookie"}.isdisjoint(headers)
    assert not {token, "s3cret"} & set(re.findall(r"[\w.-]+", json.dumps(report)))


async def test_explaining_confirms_remembers_and_asks_nothing(gateway: RunningGateway) -> None:
    """A generation is confirmed by its first use. A stranger's kid has no keys fetched, which only real use may."""
    explained = Issuer()
    explained.key, explained.jwk = gateway.issuer.key, gateway.issuer.jwk
    report = await explain(gateway, "GET", "/mine", f"Authorization: Bearer {explained.token()}")
    assert report["outcome"] == "forwarded"
    gateway.jwks["document"] = Issuer().jwks()  # any fetch from now on loses the key
    await explain(gateway, "GET", "/mine", f"Authorization: Bearer {explained.token(header={'kid': 'c' * 32})}")
    real = gateway.bearer()
    async with gateway.client.get(f"{gateway.url}/mine", headers=real) as answer:
        assert answer.status == 200

    async def is_confirmed() -> list[dict[str, object]]:
        return gateway.feed.confirmed

    assert {each["session_id"] for each in await eventually(is_confirmed)} == {gateway.issuer.session_id}


async def test_limit_is_told_without_counting(gateway: RunningGateway) -> None:
    """narrow: 2 per hour"""
    for left in (2, 1, 0):
        for _ in range(3):
            report = await explain(gateway, "GET", "/scarce")
            assert step(report, "limit")["facts"]["remaining"] == left
            assert step(report, "limit")["facts"]["key"] == "addr:127.0.0.1"
        await same(gateway, "GET", "/scarce")
    assert report["status"] == 429
    assert "Retry-After" in dict(report["answer_headers"])
    assert "has used up its 2 by narrow, counted in Valkey" in step(report, "limit")["why"]


async def test_limit_is_told_from_memory_while_valkey_is_away(tmp_path: Path, own_valkey: OwnValkey) -> None:
    async with run_gateway(tmp_path, own_valkey.url) as gateway:
        await ready(gateway)
        own_valkey.kill()
        for left in (2, 1, 0):
            assert step(await explain(gateway, "GET", "/scarce"), "limit")["facts"]["remaining"] == left
            await gateway.raw(b"GET /scarce HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        assert "this gateway's memory" in step(await explain(gateway, "GET", "/scarce"), "limit")["why"]


@pytest.mark.parametrize(
    "case",
    [
        ("10.0.0.7", "1.2.3.4, 203.0.113.9, 10.1.1.1", "203.0.113.9", "past 10.0.0.7 (trusted: 10.0.0.0/8) and 10.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1", "isn't in TRUSTED_PROXIES"),
        ("10.0.0.7", "203.0.113.9, rubbish, 10.1.1.1", "10.0.0.7", "malformed at 2 from the right"),
        ("10.0.0.7", None, "10.0.0.7", "no X-Forwarded-For"),
        ("::ffff:10.0.0.7", None, "10.0.0.7", "no X-Forwarded-For"),
        ("10.0.0.7", "10.0.0.7", "10.0.0.7", "names none but trusted hops"),
        ("::ffff:10.0.0.7", "2001:db8::1", "2001:db8::1", "by X-Forwarded-For"),
    ],
)  # fmt: skip
async def test_forwarding_chain_is_walked_aloud(
    tmp_path: Path, valkey_url: str, case: tuple[str, str | None, str, str]
) -> None:
    """G10"""
    peer, forwarded, client, why = case
    async with run_gateway(tmp_path, valkey_url, TRUSTED_PROXIES="10.0.0.0/8") as gateway:
        await ready(gateway)
        headers = [f"X-Forwarded-For: {forwarded}"] if forwarded else []
        unheeded = REGISTRY.get_sample_value("gateway_forwarded_for_unheeded_total")
        told = step(await explain(gateway, "GET", "/open", *headers, peer=peer), "client address")
    assert told["facts"]["address"] == client
    assert REGISTRY.get_sample_value("gateway_forwarded_for_unheeded_total") == unheeded
    assert why in told["why"]


async def test_service_that_refuses_connections_is_told(tmp_path: Path, valkey_url: str) -> None:
    async with run_gateway(tmp_path, valkey_url, USER_URL="http://127.0.0.1:9") as broken:
        await ready(broken)
        for _ in range(6):
            await broken.raw(b"POST /open HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        told = step(await explain(broken, "POST", "/open", "Content-Length: 0"), "upstream")
    assert told["facts"]["instances"][0]["standing"] in ("last_resort", "probe")
    assert "127.0.0.1:9 " in told["why"]


async def test_description_of_the_api_is_not_composed_to_explain_it(gateway: RunningGateway) -> None:
    report = await explain(gateway, "GET", "/openapi.json")
    assert (report["outcome"], report["status"]) == ("answered", None)
    assert not gateway.echo.seen


async def test_lines_are_for_people_unless_json_is_accepted(gateway: RunningGateway) -> None:
    url = f"http://127.0.0.1:{gateway.private_port}/explain"
    async with gateway.client.get(url, params={"path": "/mine"}) as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    assert lines[0] == "GET /mine -> 401 unauthenticated, refused by the gateway at: authentication"
    assert any(re.match(r"ok +route +mine, routes.toml line \d+; no other covers the path", line) for line in lines)
    assert "  WWW-Authenticate: Bearer" in lines


@pytest.mark.parametrize(
    "query", [{"foo": "1"}, {"peer": "here"}, {"header": "no colon"}, {"path": "/x\r\nX: y"}, {"method": "GET /\n"}]
)
async def test_unclear_question_is_refused(gateway: RunningGateway, query: dict[str, str]) -> None:
    async with gateway.client.get(f"http://127.0.0.1:{gateway.private_port}/explain", params=query) as answer:
        assert (answer.status, (await answer.json())["code"]) == (400, "invalid_parameter")


async def test_public_port_explains_nothing(gateway: RunningGateway) -> None:
    async with gateway.client.get(f"{gateway.url}/explain") as answer:
        assert answer.status == 404
