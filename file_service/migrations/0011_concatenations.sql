-- The header Upload-Concat of a final upload, which is told again as it came. The URLs in it are of no more use: the parts
-- were gone before there was the row. A request's head bounds it, and it goes with the row after a day. The code before
-- this one goes on beside it, and leaves it empty.
alter table files.upload add column concat text;
