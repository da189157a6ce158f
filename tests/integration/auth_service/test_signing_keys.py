import asyncio
import json
from contextlib import AsyncExitStack

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from auth_service.sealing import Sealer
from shared.identity import public_jwk
from shared.settings import Secret
from tests.integration.auth_service.people import Gateway
from tests.integration.auth_service.world import AuthService, environment, running, until_blocked
from tests.stores import DatabaseUrls

JWKS = "/.well-known/jwks.json"


async def test_access_token_verifies_by_the_published_keys(service: AuthService) -> None:
    person = await service.register()
    reply = await service.call("GET", JWKS)
    assert reply.headers["Cache-Control"] == "public, max-age=300"
    keys = jwt.PyJWKSet.from_dict(reply.body)
    token = person.tokens["access_token"]
    header = jwt.get_unverified_header(token)
    assert (header["typ"], header["alg"]) == ("at+jwt", "ES256")
    claims = jwt.decode(token, keys[header["kid"]].key, algorithms=["ES256"], audience="colonnade")
    assert claims["sub"] == person.tokens["user_id"]


async def test_published_keys_hold_nothing_private(service: AuthService) -> None:
    [key] = (await service.call("GET", JWKS)).body["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg", "key_ops"}
    assert (key["use"], key["alg"], key["key_ops"]) == ("sig", "ES256", ["verify"])
    assert (await service.internal("GET", JWKS)).body == {"keys": [key]}


async def test_three_replicas_that_start_at_once_share_one_key(auth_database: DatabaseUrls, gateway: Gateway) -> None:
    async with AsyncExitStack() as stack:
        replicas = await asyncio.gather(*(stack.enter_async_context(running(auth_database, gateway)) for _ in range(3)))
        sets = await asyncio.gather(*(replica.call("GET", JWKS) for replica in replicas))
        assert len({reply.body["keys"][0]["kid"] for reply in sets}) == 1
        assert await replicas[0].admin.fetchval("select count(*) from auth.signing_key") == 1


async def test_key_at_rest_is_sealed(service: AuthService) -> None:
    await service.register()
    sealed = await service.admin.fetchval("select private_key from auth.signing_key")
    for start in range(32):
        with pytest.raises(ValueError, match=r".+"):
            load_der_private_key(sealed[start:], password=None)


async def test_key_that_cant_be_opened_keeps_the_service_unready(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """The wrong KEY_ENCRYPTION_KEY must not quietly replace the key that everybody's tokens are signed with."""
    await service.register()
    async with running(auth_database, gateway, KEY_ENCRYPTION_KEY="B" * 43) as other:
        ready = await other.internal("GET", "/readyz")
        assert ready.status == 503
        assert ready.body["checks"] == {"database": "ok", "signing_key": "No signing key can be opened."}
        body = {"email": "ada@example.org", "password": "correct horse"}
        assert (await other.post("/v1/auth/register", body)).status == 503
        assert await other.admin.fetchval("select count(*) from auth.account") == 1


async def test_new_key_is_published_first_and_signs_when_its_time_comes(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """A25: rows alone change the key: published, then signing, the old one published until its tokens are over."""
    old = jwt.get_unverified_header((await service.register()).tokens["access_token"])["kid"]
    new = await add_key(service, auth_database, gateway)

    async def signer() -> str:
        await service.key_ring.refresh()
        kid: str = jwt.get_unverified_header((await service.register()).tokens["access_token"])["kid"]
        return kid

    async def published() -> set[str]:
        return {key["kid"] for key in (await service.call("GET", JWKS)).body["keys"]}

    assert await signer() == old
    assert await published() == {old, new}
    await service.admin.execute("update auth.signing_key set signs_from = now() where kid = $1", new)
    assert await signer() == new
    assert await published() == {old, new}
    await service.admin.execute("update auth.signing_key set verifies_until = now() where kid = $1", old)
    assert await signer() == new
    assert await published() == {new}


async def test_key_that_another_replica_made_meanwhile_signs_at_once(
    auth_database: DatabaseUrls, gateway: Gateway, service: AuthService
) -> None:
    """The one who waits began before the key that it waits for."""
    await service.admin.execute("select pg_advisory_lock(hashtext('auth.signing_key'))")
    await service.admin.execute("delete from auth.signing_key")  # not before: the service looks for itself, too
    waiting = asyncio.create_task(service.key_ring.refresh())
    await until_blocked(service)
    kid = await add_key(service, auth_database, gateway)
    await service.admin.execute("update auth.signing_key set signs_from = clock_timestamp()")
    await service.admin.execute("select pg_advisory_unlock(hashtext('auth.signing_key'))")
    await waiting
    assert (await service.key_ring.signing_key()).kid == kid


async def add_key(service: AuthService, urls: DatabaseUrls, gateway: Gateway) -> str:
    """Add a key that signs in an hour."""
    sealer = Sealer(Secret(environment(urls, gateway)["KEY_ENCRYPTION_KEY"]))
    private_key = ec.generate_private_key(ec.SECP256R1())
    der = private_key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    jwk = public_jwk(private_key.public_key()) | {"key_ops": ["verify"]}
    await service.admin.execute(
        """
        insert into auth.signing_key (kid, public_jwk, private_key, signs_from)
        values ($1, $2, $3, now() + interval '1 hour')
        """,
        jwk["kid"],
        json.dumps(jwk),
        sealer.seal(der, jwk["kid"]),
    )
    return str(jwk["kid"])
