-- Ends what was issued: what was revoked, replaced or logged out after the backup would be good again.

-- Access tokens: without the keys that signed them they are nobody's. auth_service makes a new one as it starts.
delete from auth.signing_key;

update auth.session set revoked_at = now(), revoked_reason = 'restored' where revoked_at is null;

-- Expired, so that their owners see for a month which ones they need anew.
update auth.api_key set expires_at = now() where expires_at is null or expires_at > now();
