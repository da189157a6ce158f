"""What auth_service counts beside the requests that every program counts."""

from prometheus_client import Counter, Gauge

REGISTRATIONS = Counter("auth_registrations_total", "Accounts registered.")
LOGINS = Counter("auth_logins_total", "Logins by outcome: success, or the code that refused them.", ("outcome",))
REFRESHES = Counter(
    "auth_refreshes_total", "Refreshes with a genuine token, by verdict of the rotation rule.", ("outcome",)
)
SESSIONS_REVOKED = Counter("auth_sessions_revoked_total", "Sessions ended before their time.", ("reason",))
PASSWORD_HASHES_SHED = Counter("auth_password_hashes_shed_total", "Password checks refused because too many waited.")
API_KEYS_CREATED = Counter("auth_api_keys_created_total", "API keys made.")
API_KEYS_REVOKED = Counter("auth_api_keys_revoked_total", "API keys deleted before their time.")
CREDENTIALS_CHECKED = Counter(
    "auth_credentials_checked_total", "Cookies and API keys that the gateway asked about.", ("kind", "outcome")
)
SIGNING_KEY_SINCE = Gauge(
    "auth_signing_key_since_timestamp_seconds", "Since when the key signs that access tokens are signed with now."
)
MAILS_SENT = Counter("auth_mails_sent_total", "Mails that the mail server took, by template.", ("template",))
MAIL_SERVER_UP = Gauge("auth_mail_server_up", "1 when the mail server could be used at the last try, else 0.")
