"""What mails lead to."""

from auth_service.errors import (
    AccountBanned,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidLink,
    InvalidMailCode,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
    TooManyAttempts,
    TooManyMails,
    WeakPassword,
    WrongPassword,
)
from auth_service.handlers.email import (
    change_email,
    change_mail_settings,
    confirm_email_change,
    get_email,
    get_mail_settings,
    reset_password,
    undo_email_change,
    verify_email,
)
from auth_service.handlers.mail_requests import (
    forgot_password,
    request_sign_in_code,
    request_sign_in_link,
    resend_verification,
    sign_in_by_code,
    sign_in_by_link,
)
from shared.errors import InsufficientUserAuthentication
from shared.web.routes import Auth, Route

_NOT_IN = (AccountBanned, EmailNotVerified, SecondFactorRequired, SecondFactorEnrolmentRequired)
_REFUSED_CODE = (InvalidEmail, InvalidMailCode, InvalidCredentials, TooManyAttempts, *_NOT_IN)
_REFUSED_MAILED_LINK = (InvalidLink, InvalidCredentials, *_NOT_IN)
_REFUSED_ADDRESS = (InvalidEmail, WrongPassword, TooManyAttempts, InsufficientUserAuthentication, TooManyMails)

MAIL_ROUTES = (
    Route("POST", "/v1/auth/email/verify", verify_email, Auth.PUBLIC, errors=(InvalidLink,)),
    Route("POST", "/v1/auth/email/verify/resend", resend_verification, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/password/forgot", forgot_password, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/password/reset", reset_password, Auth.PUBLIC, errors=(InvalidLink, WeakPassword)),
    Route("POST", "/v1/auth/sign-in/code", request_sign_in_code, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/sign-in/code/confirm", sign_in_by_code, Auth.PUBLIC, errors=_REFUSED_CODE),
    Route("POST", "/v1/auth/sign-in/link", request_sign_in_link, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/sign-in/link/confirm", sign_in_by_link, Auth.PUBLIC, errors=_REFUSED_MAILED_LINK),
    Route("GET", "/v1/auth/email", get_email, Auth.SESSION),
    Route("POST", "/v1/auth/email", change_email, Auth.SESSION, errors=_REFUSED_ADDRESS),
    Route("POST", "/v1/auth/email/confirm", confirm_email_change, Auth.PUBLIC, errors=(InvalidLink, EmailTaken)),
    Route("POST", "/v1/auth/email/undo", undo_email_change, Auth.PUBLIC, errors=(InvalidLink, EmailTaken)),
    Route("GET", "/v1/auth/mail-settings", get_mail_settings, Auth.SESSION),
    Route("PATCH", "/v1/auth/mail-settings", change_mail_settings, Auth.SESSION),
)
