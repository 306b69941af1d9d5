import 'server-only'
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import type { AskedOp } from './plan-state'

/** Fills in who wrote the values that questions show, as far as history tells: the last change of that very field. */
export async function nameAuthors(tx: Transaction, asked: readonly AskedOp[]): Promise<void> {
  if (asked.length === 0) return
  const wanted = asked.map(({ entityId, field }, position) => ({ position, entity_id: entityId, field }))
  const { rows } = await tx.execute<{ position: number; actor_id: string }>(sql`
    SELECT w.position, c.actor_id
    FROM jsonb_to_recordset(${JSON.stringify(wanted)}::jsonb) AS w (position int, entity_id uuid, field text)
    CROSS JOIN LATERAL (
      SELECT actor_id FROM changes
      WHERE scope_id = ANY (app.my_scopes()) AND entity_id = w.entity_id AND fields @> ARRAY[w.field] AND actor_id IS NOT NULL
      ORDER BY created_at DESC, id DESC LIMIT 1
    ) AS c
  `)
  for (const { position, actor_id } of rows) {
    const op = asked[position]?.op
    if (op && 'columns' in op) op.columns['current_by'] = actor_id
  }
}
