-- A resumable upload that a stranger sends by an upload link. Open ones count against what the link allows.
alter table files.upload add column via uuid;

create index upload_via_idx on files.upload (via) where via is not null;
