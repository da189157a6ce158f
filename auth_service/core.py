"""What all parts of the service rest on, made once."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from auth_service.access_tokens import AccessTokens
from auth_service.common_passwords import CommonPasswords
from auth_service.domain.passwords import PasswordContext
from auth_service.key_ring import KeyRing
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.passwords import PasswordHasher
from auth_service.refresh_tokens import RefreshTokens
from auth_service.repository.attempts import AttemptRepository
from auth_service.repository.audit import AuditRepository
from auth_service.sealing import Sealer
from auth_service.service.attempt_guard import AttemptGuard
from auth_service.service.entrance import Entrance
from auth_service.service.key_rotation import KeyRotation
from auth_service.service.one_time_mail import OneTimeMail
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.registration import Registrar
from auth_service.service.removal import Removal
from auth_service.service.tokens import TokenIssuer
from auth_service.service.ways_in import WaysIn, ways_in
from auth_service.settings import Settings
from shared.db import Database
from shared.site import PRODUCT


@dataclass(frozen=True, slots=True)
class Core:
    settings: Settings
    database: Database
    sealer: Sealer
    keys: KeyRing
    rotation: KeyRotation
    hasher: PasswordHasher
    marks: Marks
    attempts: AttemptGuard
    passwords: PasswordGuard
    password_context: PasswordContext
    issuer: TokenIssuer
    outbox: Outbox
    registrar: Registrar
    removal: Removal
    entrance: Entrance
    ways_in: WaysIn


def make_core(settings: Settings, database: Database, hasher: PasswordHasher) -> Core:
    sealer, marks = Sealer(settings.sealing_key), Marks(settings.refresh_key)
    rotation = KeyRotation(database, sealer, settings.key_rotation)
    keys = KeyRing(database, sealer, rotation)
    attempts = AttemptGuard(AttemptRepository(database), AuditRepository(database), marks)
    issuer = TokenIssuer(AccessTokens(keys, settings.process.public_url), RefreshTokens(settings.refresh_key))
    outbox = Outbox(sealer, {each.id: each.label for each in settings.providers})
    verified_first = settings.verified_first
    mail = OneTimeMail(outbox, settings.process.public_url)
    return Core(
        settings=settings,
        database=database,
        sealer=sealer,
        keys=keys,
        rotation=rotation,
        hasher=hasher,
        marks=marks,
        attempts=attempts,
        passwords=PasswordGuard(attempts, hasher),
        password_context=_password_context(settings),
        issuer=issuer,
        ways_in=ways_in(settings.providers),
        outbox=outbox,
        registrar=Registrar(database, outbox, mail, marks, verified_first),
        removal=Removal(outbox, marks),
        entrance=Entrance(
            database=database,
            marks=marks,
            issuer=issuer,
            outbox=outbox,
            verified_first=verified_first,
            most_sessions=settings.most_sessions,
            requirement=settings.second_factor,
        ),
    )


def _password_context(settings: Settings) -> PasswordContext:
    """Return what no password may be here: the most common ones, and what is made of the names that we go by."""
    host = urlsplit(settings.process.public_url).hostname or ""
    names = (PRODUCT, settings.process.site.name, host)
    return PasswordContext(CommonPasswords()).about(*names, *settings.password_words)
