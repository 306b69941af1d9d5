import type pg from 'pg'

/** One column of a table, as Postgres describes it. */
export interface Column {
  name: string
  /** `uuid`, `text`, `int4`, `timestamptz`, `jsonb`, `_text`, … */
  type: string
  isNullable: boolean
  hasDefault: boolean
}

/** What the database says about a table that is installed for sync. */
export interface Installation {
  scopeColumn: string | null
  hasRowSecurity: boolean
  /** `f`: the log carries whole old rows. */
  replicaIdentity: string
  isPublished: boolean
  /** Names of its triggers. */
  triggers: string[]
  /** What the trigger `fixed` keeps from changing. */
  fixedColumns: string[]
  policies: { name: string; roles: string[]; command: string }[]
}

/** The columns of a table of the schema `public`, in order. */
export async function columnsOf(client: pg.Client, table: string): Promise<Column[]> {
  const { rows } = await client.query<Column>(
    `select column_name as name, udt_name as type, is_nullable = 'YES' as "isNullable",
       column_default is not null as "hasDefault"
     from information_schema.columns where table_schema = 'public' and table_name = $1 order by ordinal_position`,
    [table],
  )
  return rows
}

/** How a table is installed. */
export async function installationOf(client: pg.Client, table: string): Promise<Installation> {
  const { rows } = await client.query<Installation>(
    `select
       (select scope_column from app.synced_table where name = $1) as "scopeColumn",
       c.relrowsecurity as "hasRowSecurity",
       c.relreplident::text as "replicaIdentity",
       exists (
         select from pg_publication_tables
         where pubname like 'electric_publication_%' and schemaname = 'public' and tablename = $1
       ) as "isPublished",
       array(select tgname::text from pg_trigger where tgrelid = c.oid and not tgisinternal order by 1) as triggers,
       coalesce((
         select string_to_array(encode(trim(trailing '\\x00' from tgargs), 'escape'), '\\000')
         from pg_trigger where tgrelid = c.oid and tgname = 'fixed'
       ), '{}') as "fixedColumns",
       coalesce((
         select jsonb_agg(jsonb_build_object('name', policyname, 'roles', roles, 'command', cmd))
         from pg_policies where schemaname = 'public' and tablename = $1
       ), '[]') as policies
     from pg_class c where c.oid = format('public.%I', $1)::regclass`,
    [table],
  )
  const [installation] = rows
  if (!installation) throw new Error(`there is no table ${table}`)
  return installation
}
