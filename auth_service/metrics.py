"""What auth_service counts beside the requests that every program counts."""

from prometheus_client import Counter, Gauge, Histogram

REGISTRATIONS = Counter("auth_registrations_total", "Accounts registered.")
LOGINS = Counter("auth_logins_total", "Logins by outcome: success, or the code that refused them.", ("outcome",))
REFRESHES = Counter(
    "auth_refreshes_total", "Refreshes with a genuine token, by verdict of the rotation rule.", ("outcome",)
)
SESSIONS_REVOKED = Counter("auth_sessions_revoked_total", "Sessions ended before their time.", ("reason",))
PASSWORD_HASHES_SHED = Counter("auth_password_hashes_shed_total", "Password checks refused because too many waited.")
PASSWORD_THREADS = Gauge("auth_password_hashing_threads", "Passwords that can be hashed at once.")
PASSWORDS_BUSY = Gauge("auth_password_hashing_busy", "Passwords that are being hashed now.")
PASSWORDS_WAITING = Gauge("auth_password_hashing_waiting", "Passwords that wait to be hashed.")
PASSWORD_WAIT_SECONDS = Histogram(
    "auth_password_hashing_wait_seconds",
    "Time that those passwords waited that had to.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 3, 4, 5),
)
PASSWORD_HASH_SECONDS = Histogram(
    "auth_password_hash_seconds",
    "Time that hashing a password took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2, 5),
)
PASSWORD_REHASHES = Counter("auth_password_rehashes_total", "Passwords whose hash was replaced by one of today's kind.")
ACCOUNTS_IMPORTED = Counter("auth_accounts_imported_total", "Rows of imports by outcome.", ("outcome",))
API_KEYS_CREATED = Counter("auth_api_keys_created_total", "API keys made.")
API_KEYS_REVOKED = Counter("auth_api_keys_revoked_total", "API keys deleted before their time.")
CREDENTIALS_CHECKED = Counter(
    "auth_credentials_checked_total", "Cookies and API keys that the gateway asked about.", ("kind", "outcome")
)
SIGNING_KEY_SINCE = Gauge(
    "auth_signing_key_since_timestamp_seconds", "Since when the key signs that access tokens are signed with now."
)
SIGNING_KEYS_MADE = Counter("auth_signing_keys_made_total", "Keys made to sign access tokens with.")
SECRETS_UNREADABLE = Gauge(
    "auth_secrets_unreadable", "Secrets in the database that no key of KEY_ENCRYPTION_KEY opens, while it has several."
)
SECRETS_RESEALED = Counter("auth_secrets_resealed_total", "Secrets sealed anew with the first KEY_ENCRYPTION_KEY.")
FEDERATED_FLOWS = Counter(
    "auth_federated_flows_total",
    "Answers of providers, by what came of them: signed_in, linked, handed_over, or the problem's code.",
    ("provider", "outcome"),
)
PROVIDER_REQUESTS = Counter(
    "auth_provider_requests_total",
    "Requests to providers by outcome: answered, unavailable.",
    ("provider", "outcome"),
)
AUDIT_ENTRIES = Counter("auth_audit_entries_total", "Entries of the audit log.", ("action",))
MAILS_SENT = Counter("auth_mails_sent_total", "Mails that the mail server took, by template.", ("template",))
MAIL_SERVER_UP = Gauge("auth_mail_server_up", "0 when the mail server could not be used at the last try, else 1.")
MAIL_SERVER_UP.set(1)  # until a try says otherwise
