-- The trace of the request that made a job or an event: what is done later, or elsewhere, goes on in it. The code before
-- this one goes on beside it, and leaves both empty.

alter table auth.job add column traceparent text;
alter table auth.event add column traceparent text;
