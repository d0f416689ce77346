/** Rows and a checksum of every table, in an order of their own. */
export const CONTENT = `
  select c.oid::regclass::text as name,
         (xpath('/row/n/text()', x))[1]::text || ' rows ' || coalesce((xpath('/row/sum/text()', x))[1]::text, '') as content
    from pg_class c,
         lateral query_to_xml(format('select count(*) as n, md5(string_agg(t::text, chr(10) order by t::text)) as sum from %s t',
           c.oid::regclass), false, true, '') x
   where c.relnamespace::regnamespace::text in ('app', 'audit', 'ops') and c.relkind in ('r', 'p') and not c.relispartition
     and c.oid::regclass::text not like 'ops.migration%'
   order by 1`;
