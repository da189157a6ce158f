"""Composes what serves second factors."""

from aiohttp import web

from auth_service.challenges import Challenges
from auth_service.core import Core
from auth_service.handlers.enrolment import ENROLMENT_SIGN_IN
from auth_service.handlers.factors import FACTORS, PASSKEYS
from auth_service.handlers.second_factor import PASSKEY_SIGN_IN, SECOND_FACTOR_SIGN_IN
from auth_service.handlers.step_up import STEP_UP
from auth_service.passkeys import Ceremonies, RelyingParty
from auth_service.service.app_enrolment import AppEnrolment
from auth_service.service.enrolment_sign_in import EnrolmentSignIn
from auth_service.service.factors import FactorKeeping
from auth_service.service.passkey_assertions import PasskeyAssertions
from auth_service.service.passkey_registration import PasskeyRegistration
from auth_service.service.passkey_sign_in import PasskeySignIn
from auth_service.service.passkeys import PasskeyKeeping
from auth_service.service.pending_sign_ins import PendingSignIns
from auth_service.service.second_factor_sign_in import SecondFactorSignIn
from auth_service.service.second_factors import SecondFactors
from auth_service.service.step_up import StepUp


def serve_factors(app: web.Application, core: Core) -> None:
    database, marks, settings = core.database, core.marks, core.settings
    party = RelyingParty.of(settings.process.public_url, settings.process.site)
    assertions = PasskeyAssertions(database, Challenges(settings.refresh_key), Ceremonies(party))
    factors = SecondFactors(database, core.sealer, core.attempts, assertions)
    apps, keys = AppEnrolment(database, factors, party.name), PasskeyRegistration(database, assertions)
    waiting = PendingSignIns(database, marks)
    app[SECOND_FACTOR_SIGN_IN] = SecondFactorSignIn(waiting, factors, core.entrance)
    app[ENROLMENT_SIGN_IN] = EnrolmentSignIn(waiting, apps, keys, core.entrance)
    app[PASSKEY_SIGN_IN] = PasskeySignIn(database, marks, assertions, core.entrance)
    app[STEP_UP] = StepUp(database, marks, core.passwords, factors, core.issuer, settings.second_factor)
    app[FACTORS] = FactorKeeping(database, apps, core.outbox, settings.second_factor)
    app[PASSKEYS] = PasskeyKeeping(database, keys, core.ways_in, core.outbox, settings.second_factor)
