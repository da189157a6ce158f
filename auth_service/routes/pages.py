"""The table of pages, beside that of the API's routes."""

from auth_service.domain.one_time_tokens import Purpose
from auth_service.handlers.export import export_account
from auth_service.handlers.pages import (
    account,
    activity,
    api_keys,
    enrolment,
    factors,
    identities,
    mail,
    mailed_links,
    second_factor,
    sessions,
    sign_in,
    step_up,
)
from auth_service.handlers.pages.entering import HOME
from shared.web.pages.navigation import NAVIGATION
from shared.web.pages.page import Frame
from shared.web.pages.table import fixed, form, page

_ENTER, _STEP, _SECOND = "/account/sign-in", "/account/step-up", second_factor.PATH
_ENROL = second_factor.ENROLMENT

_SIGN_IN = page(_ENTER, sign_in.show_sign_in)
_SECOND_FACTOR = page(_SECOND, second_factor.show_second_factor)
_ENROLMENT = page(_ENROL, enrolment.show_enrolment)
_NEW_APP = page(enrolment.APP, enrolment.show_app)
_SIGN_OUT = page("/account/sign-out", fixed("account/sign_out.html"))
_REGISTER = page("/account/register", sign_in.show_register)
_ACCOUNT = page(HOME, account.show_account, signed_in=True)
_STEP_UP = page(_STEP, step_up.show_step_up, signed_in=True)
_PASSWORD = page("/account/password", account.show_password, signed_in=True)
_FACTORS = page("/account/factors", factors.show_factors, signed_in=True)
_APP = page("/account/factors/app", factors.show_app, signed_in=True)
_NEW_PASSKEY = page("/account/factors/passkeys/new", factors.show_new_passkey, signed_in=True)
_SESSIONS = page("/account/sessions", sessions.show_sessions, signed_in=True)
_API_KEYS = page("/account/api-keys", api_keys.show_api_keys, signed_in=True)
_FORGOT = page("/account/forgot", fixed("account/forgot.html"))
_RESEND = page("/account/verify/resend", fixed("account/resend.html"))
_MAIL_SIGN_IN = page(f"{_ENTER}/mail", mail.show_mail_sign_in)
_MAILED_CODE = page(f"{_ENTER}/code", mail.show_code)
_VERIFY = page("/account/verify", mailed_links.mailed("account/verify.html", Purpose.VERIFY))
_RESET = page("/account/reset", mailed_links.mailed("account/reset.html", Purpose.RESET))
_LINK = page(f"{_ENTER}/link", mailed_links.mailed("account/sign_in_link.html", Purpose.SIGN_IN_LINK))
_CONFIRM = page("/account/email/confirm", mailed_links.mailed("account/email_confirm.html", Purpose.EMAIL_CHANGE))
_UNDO = page("/account/email/undo", mailed_links.mailed("account/email_undo.html", Purpose.EMAIL_UNDO))
_EMAIL = page("/account/email", mail.show_address, signed_in=True)
_ACTIVITY = page("/account/activity", activity.show_activity, signed_in=True)
_IDENTITIES = page(identities.PATH, identities.show_identities, signed_in=True)
_EXPORT = page("/account/export", fixed("account/export.html"), signed_in=True)
_DELETION = page("/account/deletion", account.show_deletion, signed_in=True)

# Which field an error is about that names none.
_CREDENTIALS = {"invalid_credentials": "password"}
_CURRENT = {"wrong_password": "current_password"}
_PASSWORD_FIELD = {"wrong_password": "password"}
_CODE = {"wrong_second_factor": "code"}
_RECOVERY_CODE = {"wrong_second_factor": "recovery_code"}

PAGES = (
    _SIGN_IN,
    form(_ENTER, sign_in.sign_in, on=_SIGN_IN, faults=_CREDENTIALS),
    form(f"{_ENTER}/passkey", second_factor.sign_in_by_passkey, on=_SIGN_IN),
    _SECOND_FACTOR,
    form(f"{_SECOND}/code", second_factor.finish_by_code, on=_SECOND_FACTOR, faults=_CODE),
    form(f"{_SECOND}/recovery-code", second_factor.finish_by_recovery_code, on=_SECOND_FACTOR, faults=_RECOVERY_CODE),
    form(f"{_SECOND}/passkey", second_factor.finish_by_passkey, on=_SECOND_FACTOR),
    _ENROLMENT,
    form(f"{_ENROL}/passkey", enrolment.finish_by_passkey, on=_ENROLMENT),
    form(f"{enrolment.APP}/begin", enrolment.begin_app, on=_ENROLMENT),
    _NEW_APP,
    form(enrolment.APP, enrolment.finish_by_app, on=_NEW_APP, faults=_CODE),
    _REGISTER,
    form("/account/register", sign_in.register, on=_REGISTER, faults={"email_taken": "email"}),
    _SIGN_OUT,
    form("/account/sign-out", sign_in.sign_out, on=_ACCOUNT),
    _ACCOUNT,
    _STEP_UP,
    form(f"{_STEP}/password", step_up.step_up_by_password, on=_STEP_UP, faults=_PASSWORD_FIELD),
    form(f"{_STEP}/code", step_up.step_up_by_code, on=_STEP_UP, faults=_CODE),
    form(f"{_STEP}/recovery-code", step_up.step_up_by_recovery_code, on=_STEP_UP, faults=_RECOVERY_CODE),
    form(f"{_STEP}/passkey", step_up.step_up_by_passkey, on=_STEP_UP),
    _PASSWORD,
    form("/account/password", account.change_password_on_page, on=_PASSWORD, faults=_CURRENT),
    _FACTORS,
    form("/account/factors/app/begin", factors.begin_app, on=_FACTORS),
    form("/account/factors/app/remove", factors.remove_app, on=_FACTORS),
    form("/account/factors/recovery-codes", factors.renew_recovery_codes_on_page, on=_FACTORS),
    form("/account/factors/passkeys/{passkey_id}/remove", factors.remove_passkey_on_page, on=_FACTORS),
    _APP,
    form("/account/factors/app", factors.confirm_app, on=_APP, faults=_CODE),
    _NEW_PASSKEY,
    form("/account/factors/passkeys/new", factors.add_passkey_on_page, on=_NEW_PASSKEY),
    _SESSIONS,
    form("/account/sessions/others/end", sessions.end_other_sessions, on=_SESSIONS),
    form("/account/sessions/{session_id}/end", sessions.end_session, on=_SESSIONS),
    _API_KEYS,
    form("/account/api-keys", api_keys.create_api_key_on_page, on=_API_KEYS),
    form("/account/api-keys/{api_key_id}/delete", api_keys.delete_api_key_on_page, on=_API_KEYS),
    _FORGOT,
    form("/account/forgot", mail.forget, on=_FORGOT),
    _RESEND,
    form("/account/verify/resend", mail.resend, on=_RESEND),
    _MAIL_SIGN_IN,
    form(f"{_ENTER}/mail", mail.ask_for_mail, on=_MAIL_SIGN_IN),
    _MAILED_CODE,
    form(f"{_ENTER}/code", mail.sign_in_by_mailed_code, on=_MAILED_CODE, faults={"invalid_mail_code": "code"}),
    _VERIFY,
    form("/account/verify", mailed_links.verify_on_page, on=_VERIFY),
    _RESET,
    form("/account/reset", mailed_links.reset_on_page, on=_RESET),
    _LINK,
    form(f"{_ENTER}/link", mailed_links.sign_in_by_link_on_page, on=_LINK),
    _CONFIRM,
    form("/account/email/confirm", mailed_links.confirm_address, on=_CONFIRM),
    _UNDO,
    form("/account/email/undo", mailed_links.undo_address, on=_UNDO),
    _EMAIL,
    form("/account/email", mail.change_address, on=_EMAIL, faults=_PASSWORD_FIELD),
    form("/account/email/resend", mail.resend_to_own, on=_EMAIL),
    form("/account/email/settings", mail.change_mail_settings_on_page, on=_EMAIL),
    _ACTIVITY,
    _IDENTITIES,
    form(f"{identities.PATH}/{{provider}}/link", identities.begin_link_on_page, on=_IDENTITIES),
    form(f"{identities.PATH}/{{identity_id}}/unlink", identities.unlink_on_page, on=_IDENTITIES),
    _EXPORT,
    form("/account/export", export_account, on=_EXPORT),
    _DELETION,
    form("/account/deletion", account.delete_account_on_page, on=_DELETION, faults=_PASSWORD_FIELD),
)

FRAME = Frame(
    sign_in=_ENTER,
    home=HOME,
    sign_out="/account/sign-out",
    step_up=_STEP,
    navigation=NAVIGATION,
)
