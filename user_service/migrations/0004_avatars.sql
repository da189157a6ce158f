-- The file that shows a person; file_service has it, and tells when it is gone.
alter table users.profile add column avatar uuid;
alter table users.profile add constraint profile_tombstone_has_no_avatar
    check (deleted_at is null or avatar is null) not valid;
alter table users.profile validate constraint profile_tombstone_has_no_avatar;
