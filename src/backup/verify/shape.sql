-- What the migrations made, one line each: by names and types, which read the same in every version of PostgreSQL.
-- Functions carry a hash of their text. PostgreSQL's text of a view differs between versions.
select line from (
    select format('column %s.%s %s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end) as line
    from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
    union all
    select format('index %s.%s%s', t.relname, i.relname, case when x.indisunique then ' unique' else '' end)
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
    where i.relnamespace = 'public'::regnamespace
    union all
    select format('constraint %s.%s', k.conrelid::regclass, k.conname)
    from pg_constraint k where k.connamespace = 'public'::regnamespace and k.contype in ('c', 'f', 'p', 'u', 'x')
        and k.conrelid <> 0
    union all
    select format('trigger %s.%s', t.tgrelid::regclass, t.tgname)
    from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal
    union all
    select format('function %s %s', p.oid::regprocedure, md5(p.prosrc))
    from pg_proc p where p.pronamespace = 'public'::regnamespace and not exists (
        select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
) shape
where line !~ '_sqlx_migrations'
order by line collate "C"
