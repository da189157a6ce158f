-- Until when the owner is banned: `infinity` where that has no end, null where they aren't. A ban ends at its time without
-- an event, so what it hides is told by this moment. The code before this one goes on beside it, and hides nobody.
-- Its cursor is the row `auth_service`; ours, which begins with a snapshot, is `auth_service/2`.
alter table users.profile add column banned_until timestamptz;
