"""auth_service: logins, refreshes, hashing, keys, mail."""

from deploy.grafana.board import Row
from deploy.grafana.panels import Graph, Query
from deploy.grafana.queries import within

ACCOUNTS = Row(
    "Accounts (auth_service)",
    [
        Graph(
            title="How do logins end?",
            queries=[Query("sum by (outcome) (rate(auth_logins_total{$auth_service}[$rate]))", "{{outcome}}")],
            help="Per second: success, or the problem that refused them.",
            stacked=True,
            alerts=("PasswordsGuessed",),
        ),
        Graph(
            title="How do refreshes end?",
            queries=[Query("sum by (outcome) (rate(auth_refreshes_total{$auth_service}[$rate]))", "{{outcome}}")],
            help="Per second; reuse is a stolen token, or an app that keeps old ones.",
            stacked=True,
            alerts=("RefreshTokensReused",),
        ),
        Graph(
            title="Why do sessions end early?",
            queries=[Query("sum by (reason) (increase(auth_sessions_revoked_total{$auth_service}[1h]))", "{{reason}}")],
            help="In an hour.",
        ),
        Graph(
            title="Does hashing keep up with logins?",
            queries=[
                Query("sum(auth_password_hashing_threads{$auth_service})", "at once, at most"),
                Query("sum(auth_password_hashing_busy{$auth_service})", "being hashed"),
                Query("sum(auth_password_hashing_waiting{$auth_service})", "waiting"),
                Query(
                    "sum(rate(auth_password_hashes_shed_total{$auth_service}[$rate]))",
                    "told to come back, per second",
                ),
            ],
            help="Passwords. 64 may wait, four seconds each.",
            alerts=("PasswordChecksQueue", "PasswordChecksShed"),
        ),
        Graph(
            title="How long do passwords take?",
            queries=[
                Query(
                    within(0.95, "auth_password_hash_seconds{$auth_service}"),
                    "to hash",
                ),
                Query(
                    within(0.95, "auth_password_hashing_wait_seconds{$auth_service}"),
                    "to wait for that, of those that had to",
                ),
            ],
            help="19 of 20.",
            unit="s",
            alerts=("PasswordChecksQueue",),
        ),
        Graph(
            title="Which other credentials are asked about?",
            queries=[
                Query(
                    "sum by (kind, outcome) (rate(auth_credentials_checked_total{$auth_service}[$rate]))",
                    "{{kind}}: {{outcome}}",
                ),
            ],
            help="Cookies and API keys that gateways didn't know, per second.",
        ),
        Graph(
            title="How many API keys are made and ended?",
            queries=[
                Query("sum(increase(auth_api_keys_created_total{$auth_service}[1h]))", "made"),
                Query("sum(increase(auth_api_keys_revoked_total{$auth_service}[1h]))", "deleted"),
            ],
            help="In an hour.",
        ),
        Graph(
            title="How old is the signing key?",
            queries=[Query("time() - (auth_signing_key_since_timestamp_seconds{$auth_service} > 0)", "{{instance}}")],
            help="It changes by itself every 30 days.",
            unit="s",
            warn=90 * 86400,
            alerts=("SigningKeyOld", "SecretsUnreadable"),
        ),
        Graph(
            title="What is done to accounts?",
            queries=[
                Query(
                    "topk(10, sum by (action) (increase(auth_audit_entries_total{$auth_service}[1h])))", "{{action}}"
                ),
            ],
            help="Entries of the audit log in an hour.",
        ),
        Graph(
            title="Does mail go out?",
            queries=[
                Query("sum by (template) (increase(auth_mails_sent_total{$auth_service}[1h]))", "sent: {{template}}"),
                Query("max(jobs{$auth_service,kind='mail',state='waiting'})", "waiting"),
                Query("max(jobs{$auth_service,kind='mail',state='failed'})", "failed"),
            ],
            help="Sent in an hour, by template; waiting and failed now.",
            alerts=("MailServerAway", "JobsFail"),
        ),
    ],
)
