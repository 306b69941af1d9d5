import 'server-only'
import { sql, type SQL } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'

/** The two tables of who belongs where, with the containers they speak of. */
const MEMBERSHIPS = [
  { entity: 'band_members', table: sql`band_members`, container: sql`bands`, scope: sql`band_id` },
  { entity: 'project_users', table: sql`project_users`, container: sql`projects`, scope: sql`project_id` },
] as const
type Membership = (typeof MEMBERSHIPS)[number]

/**
 * Names of the bands and projects that would have no owner without the viewer. Locks the viewer's memberships until the transaction
 * ends, so that the answer stays true: of two last owners who leave at once the second is told. The transaction acts as the viewer.
 */
export async function soleOwnerships(tx: Transaction, viewer: Viewer): Promise<string[]> {
  const names: string[] = []
  for (const membership of MEMBERSHIPS) {
    await tx.execute(sql`select app.lock_memberships(${membership.entity}, array(${idsOf(membership, viewer)}))`)
    const { table, container, scope } = membership
    const { rows } = await tx.execute<{ name: string }>(sql`
      select c.name from ${container} c join ${table} m on m.${scope} = c.id
      where m.user_id = ${viewer.user_id} and m.deleted_at is null and m.role = 'owner' and c.deleted_at is null
        and not exists (
          select from ${table} other
          where other.${scope} = c.id and other.id <> m.id and other.role = 'owner' and other.deleted_at is null
        )
      order by c.name`)
    names.push(...rows.map((row) => row.name))
  }
  return names
}

/** Ends all memberships of the viewer, each told in the history of its band or project as if they had left it. */
export async function leaveEverything(tx: Transaction, viewer: Viewer): Promise<void> {
  for (const { entity, table, scope } of MEMBERSHIPS) {
    await tx.execute(sql`
      with gone as (
        update ${table} set deleted_at = clock_timestamp()
        where user_id = ${viewer.user_id} and deleted_at is null
        returning id, ${scope} as scope_id, display_name
      )
      insert into changes (id, scope_id, entity, entity_id, op, fields, summary)
      select gen_random_uuid(), scope_id, ${entity}, id, 'delete', '{}', coalesce(display_name, '') from gone`)
  }
}

function idsOf({ table }: Membership, viewer: Viewer): SQL {
  return sql`select id from ${table} where user_id = ${viewer.user_id} and deleted_at is null`
}
