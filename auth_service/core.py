"""What all parts of the service rest on, made once."""

from dataclasses import dataclass

from auth_service.access_tokens import AccessTokens
from auth_service.key_ring import KeyRing
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.passwords import PasswordHasher
from auth_service.refresh_tokens import RefreshTokens
from auth_service.repository.attempts import AttemptRepository
from auth_service.sealing import Sealer
from auth_service.service.attempt_guard import AttemptGuard
from auth_service.service.entrance import Entrance, EntranceRules
from auth_service.service.one_time_mail import OneTimeMail
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.registration import Registrar
from auth_service.service.tokens import TokenIssuer
from auth_service.settings import Settings
from shared.db import Database


@dataclass(frozen=True, slots=True)
class Core:
    settings: Settings
    database: Database
    sealer: Sealer
    keys: KeyRing
    hasher: PasswordHasher
    marks: Marks
    attempts: AttemptGuard
    passwords: PasswordGuard
    issuer: TokenIssuer
    outbox: Outbox
    registrar: Registrar
    entrance: Entrance


def make_core(settings: Settings, database: Database, hasher: PasswordHasher) -> Core:
    sealer, marks = Sealer(settings.sealing_key), Marks(settings.refresh_key)
    keys = KeyRing(database, sealer)
    attempts = AttemptGuard(AttemptRepository(database), marks)
    issuer = TokenIssuer(AccessTokens(keys, settings.process.public_url), RefreshTokens(settings.refresh_key))
    outbox, verified_first = Outbox(sealer), settings.verified_first
    mail = OneTimeMail(outbox, settings.process.public_url)
    return Core(
        settings=settings,
        database=database,
        sealer=sealer,
        keys=keys,
        hasher=hasher,
        marks=marks,
        attempts=attempts,
        passwords=PasswordGuard(attempts, hasher),
        issuer=issuer,
        outbox=outbox,
        registrar=Registrar(database, outbox, mail, marks, verified_first),
        entrance=Entrance(database, marks, issuer, outbox, EntranceRules(settings.most_sessions, verified_first)),
    )
