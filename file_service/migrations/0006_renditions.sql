-- Pictures made of files. `rendition_id` holds the blob. Retention: with the file, 32 of a file at most, and 30 days after
-- the last use (a use is written down once a day).
create table files.rendition (
    rendition_id uuid constraint rendition_pkey primary key,
    file_id uuid not null constraint rendition_file_fkey references files.file (file_id) on delete cascade,
    specification text not null constraint rendition_specification_length check (length(specification) <= 100),
    size bigint not null,
    content_type text not null,
    sha256 bytea not null constraint rendition_sha256_length check (octet_length(sha256) = 32),
    created_at timestamptz not null default now(),
    used_at timestamptz not null default now(),
    constraint rendition_file_id_specification_key unique (file_id, specification)
);

create index rendition_used_at_idx on files.rendition (used_at);

-- Whatever deletes a rendition, its file's deletion above all, lets its blob go.
create function files.give_up_rendition() returns trigger language plpgsql as $$
begin
    update files.blob set holder_id = null, due_at = now() where holder_id = old.rendition_id;
    return null;
end
$$;

create trigger rendition_gives_up_its_blob after delete on files.rendition
    for each row execute function files.give_up_rendition();
