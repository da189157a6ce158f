-- What programs may rely on in the schema $1, as rows of: kind, its table or the like, its name, what can be said of it, and
-- the columns that it is about.
select 'table' as kind, relname::text as place, '' as name, '' as form, '{}'::text[] as columns
from pg_class where relnamespace = $1::text::regnamespace and relkind in ('r', 'p', 'v', 'm')
union all
select 'column', relname, attname, format_type(atttypid, atttypmod) || case attgenerated when '' then '' else ' generated' end, '{}'
from pg_attribute join pg_class on pg_class.oid = attrelid
where relnamespace = $1::text::regnamespace and relkind in ('r', 'p', 'v', 'm') and attnum > 0 and not attisdropped
union all
-- Whoever leaves it out when a row is made is refused.
select 'demand', relname, attname, '', '{}'
from pg_attribute join pg_class on pg_class.oid = attrelid
where relnamespace = $1::text::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped
  and attnotnull and not atthasdef and attidentity = ''
union all
select 'not null', relname, attname, '', '{}'
from pg_attribute join pg_class on pg_class.oid = attrelid
where relnamespace = $1::text::regnamespace and relkind in ('r', 'p') and attnum > 0 and not attisdropped and attnotnull
union all
select 'rule', relname, conname, pg_get_constraintdef(pg_constraint.oid),
       array(select attname from pg_attribute where attrelid = conrelid and attnum = any (conkey))
from pg_constraint join pg_class on pg_class.oid = conrelid
where connamespace = $1::text::regnamespace and contype in ('c', 'f', 'u', 'p', 'x')
union all
select 'rule', parent.relname, class.relname, 'unique index',
       array(select attname from pg_attribute where attrelid = indrelid and attnum = any (indkey))
from pg_index join pg_class as class on class.oid = indexrelid join pg_class as parent on parent.oid = indrelid
where parent.relnamespace = $1::text::regnamespace and indisunique
  and not exists (select from pg_constraint where conindid = indexrelid)
union all
select 'right', relname, granted.privilege_type || ' of ' || granted.grantee::regrole::text, '', '{}'
from pg_class cross join aclexplode(relacl) as granted
where relnamespace = $1::text::regnamespace and granted.grantee <> 0
union all
select 'function', proname, pg_get_function_identity_arguments(oid), pg_get_function_result(oid), '{}'
from pg_proc where pronamespace = $1::text::regnamespace
union all
select 'type', typname, enumlabel, '', '{}'
from pg_enum join pg_type on pg_type.oid = enumtypid where typnamespace = $1::text::regnamespace
