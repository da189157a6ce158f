-- The trace of the request that made a job, in which it is done. The code before this one goes on beside it, and leaves
-- it empty.

alter table files.job add column traceparent text;
