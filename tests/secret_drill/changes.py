"""How each secret is changed, as docs/secrets.md says: the new one beside the old one, everywhere, and then alone."""

import secrets
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from redis import asyncio as redis
from redis.exceptions import AuthenticationError, RedisError

from auth_service.refresh_tokens import RefreshTokens
from auth_service.sealing import Sealer
from deploy.originals import ISSUERS
from deploy.roles import SCHEMAS
from shared.identity import HEADER, Identity, Kind, Signer, private_keys
from shared.settings import Secret
from tests.key_drill.people import Person
from tests.secret_drill.installation import SERVICES, Installation
from tests.secret_drill.load import Load
from tests.waiting import eventually

_ALL = ("gateway", *SERVICES)
_RESEALING = 90.0  # seconds: half a minute until it begins, and what it takes
Change = Callable[[Installation, Load], Awaitable[str]]


def _new() -> str:
    return secrets.token_urlsafe(32)


async def runtime_passwords(installation: Installation, _load: Load) -> str:
    """First the services take both, then the server takes the new one, then the services forget the old one."""
    names = [f"{schema}_runtime" for schema in SCHEMAS.values()]
    old = {name: installation.read(name) for name in names}
    for name in names:
        installation.write(name, f"{_new()}\n{old[name]}")
    await installation.roll(*SERVICES)
    await installation.set_up()
    for name in names:
        installation.write(name, installation.originals.passwords(name)[0])
    await installation.roll(*SERVICES)
    return f"{await _refused(installation, old)} old passwords refused by PostgreSQL"


async def owner_passwords(installation: Installation, _load: Load) -> str:
    """Nothing that runs has them."""
    old = {f"{schema}_owner": installation.read(f"{schema}_owner") for schema in SCHEMAS.values()}
    for name in old:
        installation.write(name, _new())
    await installation.set_up()
    await installation.migrate()
    return f"{await _refused(installation, old)} old passwords refused by PostgreSQL, migrations run with the new ones"


async def superuser_password(installation: Installation, _load: Load) -> str:
    """The server first, then the original: only one-shot jobs use it."""
    old, new = installation.read("postgres"), _new()
    connection = await asyncpg.connect(installation.url_of("postgres", old))
    try:
        await connection.execute(f"alter role postgres password '{new}'")
    finally:
        await connection.close()
    installation.write("postgres", new)
    await installation.set_up()
    return f"{await _refused(installation, {'postgres': old})} old password refused by PostgreSQL"


async def valkey_password(installation: Installation, _load: Load) -> str:
    """The server takes both while the gateways change over."""
    old, new = installation.read("valkey"), _new()
    client: Any = redis.from_url(installation.stores.valkey)
    await client.execute_command("ACL", "SETUSER", "default", f">{new}")
    installation.write("valkey", new)
    await installation.roll("gateway")
    await client.execute_command("ACL", "SETUSER", "default", f"<{old}")
    await client.aclose()
    if not await _is_refused_by_valkey(installation.stores.valkey):
        raise AssertionError("Valkey still takes the old password")
    return "1 old password refused by Valkey"


async def _is_refused_by_valkey(url: str) -> bool:
    client: Any = redis.from_url(url)
    try:
        await client.ping()
    except RedisError as exc:
        return isinstance(exc.__cause__ or exc, AuthenticationError)
    finally:
        await client.aclose()
    return False


async def identity_keys(installation: Installation, _load: Load) -> str:
    """Trusted first, then used, then alone: the trust file follows from the private keys."""
    old = {issuer: installation.originals.key(issuer) for issuer in ISSUERS}
    new = {issuer: _new_key() for issuer in ISSUERS}
    both = {issuer: old[issuer] + new[issuer] for issuer in ISSUERS}
    changed = {issuer: new[issuer] + old[issuer] for issuer in ISSUERS}
    for keys in (both, changed, new):
        for issuer in ISSUERS:
            installation.write(f"{issuer}.pem", keys[issuer])
        await installation.roll(*_ALL)
    forged = Signer("gateway", *private_keys(old["gateway"].encode()))
    for service in SERVICES:
        token = forged.sign(Identity(Kind.ANONYMOUS), service)
        assert await _answer(f"{installation.replicas[service][0].url}/openapi.json", token) == HTTPStatus.UNAUTHORIZED
    return f"{len(ISSUERS)} keys; assertions by the gateway's old one refused by {len(SERVICES)} services"


async def secrets_of_programs(installation: Installation, load: Load) -> str:
    """REFRESH_KEY, KEY_ENCRYPTION_KEY, PASSWORD_PEPPER and FILE_LINK_KEY: known first, then used, then alone."""
    names = ("refresh_key", "key_encryption_key", "password_pepper", "file_link_key")
    old, new = {name: installation.read(name) for name in names}, {name: _new() for name in names}
    absent = Person(load.balancer, load.ledger, "absent@example.org")
    await absent.register()
    for step in ("{old},{new}", "{new},{old}"):
        await _write(installation, {name: step.format(old=old[name], new=new[name]) for name in names})
    await _everybody_renews(load, Secret(new["refresh_key"]))
    await eventually(lambda: _resealed(installation), within=_RESEALING)
    early, file_id = load.links.copy(), load.links[0].split("/")[4].partition("?")[0]
    load.links.append(await load.sign(file_id))
    for link in early:
        load.links.remove(link)
    await _write(installation, new)
    assert [await load.look(link) for link in early] == [HTTPStatus.FORBIDDEN]
    assert not await load.signs_in("absent@example.org"), "the old pepper is still in use"
    await _open_all(installation, Sealer(Secret(new["key_encryption_key"])))
    return "everybody went on; a link and the password of one who didn't sign in meanwhile ended with the old ones"


CHANGES: dict[str, Change] = {
    "runtime roles' passwords": runtime_passwords,
    "owner roles' passwords": owner_passwords,
    "PostgreSQL superuser": superuser_password,
    "Valkey's password": valkey_password,
    "identity keys, trust file": identity_keys,
    "keys, pepper of programs": secrets_of_programs,
}


async def _write(installation: Installation, contents: dict[str, str]) -> None:
    for name, content in contents.items():
        installation.write(name, content)
    await installation.roll("auth_service", "file_service")


async def _refused(installation: Installation, passwords: dict[str, str]) -> int:
    for role, password in passwords.items():
        try:
            connection = await asyncpg.connect(installation.url_of(role, password))
        except asyncpg.InvalidPasswordError:
            continue
        await connection.close()
        raise AssertionError(f"PostgreSQL still takes the old password of {role}")
    return len(passwords)


def _new_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        .decode()
    )


async def _answer(url: str, token: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url, headers={HEADER: token}) as answer:
        return answer.status


async def _everybody_renews(load: Load, key: Secret) -> None:
    """Wait until all have a refresh token of the new key, and have signed in: both are what people do by themselves."""
    tokens, logins = RefreshTokens(key), load.ledger.requests["login"] + 3 * len(load.people)

    async def renewed() -> bool:
        return load.ledger.requests["login"] >= logins and all(_is_of(tokens, each) for each in load.people)

    await eventually(renewed, within=60)


def _is_of(tokens: RefreshTokens, person: Person) -> bool:
    try:
        tokens.decode(person.refresh_token)
    except Exception:  # noqa: BLE001  whatever it isn't
        return False
    return True


async def _resealed(installation: Installation) -> bool:
    """Tell whether each auth_service has sealed everything anew since it was started last."""
    return all(_has_resealed(installation.log_of(each)) for each in installation.replicas["auth_service"])


def _has_resealed(lines: list[dict[str, Any]]) -> bool:
    actions = [line["event.action"] for line in lines]
    since = len(actions) - actions[::-1].index("started")
    return any(
        line["event.action"] == "secrets_resealed" and not line["colonnade.unreadable"] for line in lines[since:]
    )


async def _open_all(installation: Installation, sealer: Sealer) -> None:
    """Open all signing keys that are stored. Raises WrongSealingKey."""
    connection = await asyncpg.connect(installation.url_of("auth_runtime", installation.read("auth_runtime")))
    try:
        rows = await connection.fetch("select kid, private_key from auth.signing_key")
    finally:
        await connection.close()
    assert rows
    for row in rows:
        sealer.open(row["private_key"], row["kid"])
