"""What is kept for how long."""

from shared.jobs.queue import purge_jobs
from shared.purge import Purge, purge_events

PURGES = (
    purge_events("auth"),
    *purge_jobs("auth"),
    Purge(
        "one-time tokens",
        """
        delete from auth.one_time_token where token_hash in (
            select token_hash from auth.one_time_token where expires_at < now() limit $1
        ) returning token_hash
        """,
    ),
    Purge(
        "mail counts",
        """
        delete from auth.mail_count where subject in (
            select subject from auth.mail_count where window_started_at < now() - interval '1 day' limit $1
        ) returning subject
        """,
    ),
    Purge(
        "sessions revoked 30 days ago",
        """
        delete from auth.session where session_id in (
            select session_id from auth.session where revoked_at < now() - interval '30 days' limit $1
        ) returning session_id
        """,
    ),
    Purge(
        "sessions expired 30 days ago",
        """
        delete from auth.session where session_id in (
            select session_id from auth.session where expires_on < current_date - 30 limit $1
        ) returning session_id
        """,
    ),
    Purge(
        "API keys expired 30 days ago",
        """
        delete from auth.api_key where api_key_id in (
            select api_key_id from auth.api_key where expires_at < now() - interval '30 days' limit $1
        ) returning api_key_id
        """,
    ),
    Purge("audit entries past their retention", "select auth.purge_audit_entries($1)"),
    Purge(
        "signing keys retired a day ago",
        """
        delete from auth.signing_key where kid in (
            select kid from auth.signing_key where verifies_until < now() - interval '1 day' limit $1
        ) returning kid
        """,
    ),
    Purge(
        "login failures",
        """
        delete from auth.login_failure where (subject, bucket) in (
            select subject, bucket from auth.login_failure where window_started_at < now() - interval '1 day' limit $1
        ) returning subject
        """,
    ),
    Purge(
        "known devices",
        """
        delete from auth.known_device where (user_id, fingerprint) in (
            select user_id, fingerprint from auth.known_device where last_seen_at < now() - interval '180 days' limit $1
        ) returning user_id
        """,
    ),
    Purge(
        "sign-ins that ended at a provider",
        """
        delete from auth.federated_flow where token_hash in (
            select token_hash from auth.federated_flow where expires_at < now() limit $1
        ) returning token_hash
        """,
    ),
    Purge(
        "codes that apps have fetched their session with",
        """
        delete from auth.spent_sign_in_code where code_hash in (
            select code_hash from auth.spent_sign_in_code where expires_at < now() limit $1
        ) returning code_hash
        """,
    ),
    Purge(
        "sign-ins that wait for a second factor",
        """
        delete from auth.pending_sign_in where token_hash in (
            select token_hash from auth.pending_sign_in where expires_at < now() limit $1
        ) returning token_hash
        """,
    ),
    Purge(
        "answered challenges",
        """
        delete from auth.spent_challenge where challenge_hash in (
            select challenge_hash from auth.spent_challenge where expires_at < now() - interval '1 minute' limit $1
        ) returning challenge_hash
        """,
    ),
)
