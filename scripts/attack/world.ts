import { SAMPLE_USERS } from '@/db/sample-ids'
import { allEntities } from '@/entities'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'
import type { Target } from './attack'

/** A row that the attacker must not touch, and one of the same entity that is the attacker's own. */
export interface Prey {
  entity: AnyEntity
  /** Olga's, of Paper Lions or personal. */
  foreign: JsonRow
  /** In The Night Shift, or Sarah's. */
  own: JsonRow
}

/** One of each entity, taken from the sample data. Entities of which both sides have no row are made up by `fill`. */
export async function readPrey(target: Target): Promise<Prey[]> {
  await fill(target)
  const prey: Prey[] = []
  for (const entity of allEntities) {
    const [foreign, own] = [await rowOf(target, entity, 'olga'), await rowOf(target, entity, 'sarah')]
    if (!foreign || !own) throw new Error(`the sample data has no ${entity.name} to attack`)
    prey.push({ entity, foreign, own })
  }
  return prey
}

/** A row that this owner sees and the other does not. */
async function rowOf(target: Target, entity: AnyEntity, owner: 'olga' | 'sarah'): Promise<JsonRow | null> {
  const mine = `(SELECT band_id FROM band_members WHERE user_id = $1 AND role = 'owner' AND deleted_at IS NULL)`
  const projects = `(SELECT project_id FROM project_users WHERE user_id = $1 AND role = 'owner' AND deleted_at IS NULL)`
  const scope = entity.scope.column
  const where = {
    band: `t.${scope} IN ${mine}`,
    project: `t.${scope} IN ${projects}`,
    user: `t.${scope} = $1`,
    any: `t.${scope} IN ${mine}`,
  }[entity.scope.kind]
  const live = entity.columns.includes('deleted_at') ? 'AND t.deleted_at IS NULL' : ''
  const [found] = await target.rows(
    `SELECT to_jsonb(t) AS row FROM ${entity.name} t WHERE ${where} ${live} ORDER BY t.id LIMIT 1`,
    SAMPLE_USERS[owner].id,
  )
  return found ? (found['row'] as JsonRow) : null
}

/** Rows of every entity for both sides, written by the database's owner past the doors. */
async function fill({ rows }: Target): Promise<void> {
  for (const owner of ['olga', 'sarah'] as const) {
    const me = SAMPLE_USERS[owner].id
    const band = `(SELECT band_id FROM band_members WHERE user_id = '${me}' AND role = 'owner' LIMIT 1)`
    const song = `(SELECT id FROM songs WHERE band_id = ${band} LIMIT 1)`
    const statements = [
      `INSERT INTO invites (id, band_id, role) VALUES (gen_random_uuid(), ${band}, 'viewer')`,
      `INSERT INTO song_notes (id, user_id, song_id, text) VALUES (gen_random_uuid(), '${me}', ${song}, 'note of ${owner}')`,
      `INSERT INTO setlists (id, band_id, name) VALUES (gen_random_uuid(), ${band}, 'setlist of ${owner}')`,
      `INSERT INTO shows (id, band_id, title) VALUES (gen_random_uuid(), ${band}, 'show of ${owner}')`,
      `WITH p AS (INSERT INTO practices (id, band_id, place) VALUES (gen_random_uuid(), ${band}, 'place of ${owner}') RETURNING *)
       INSERT INTO attendance (id, band_id, subject_entity, subject_id, user_id, answer)
       SELECT gen_random_uuid(), s.band_id, 'shows', s.id, '${me}', 'yes' FROM shows s WHERE s.band_id = ${band} LIMIT 1`,
      `INSERT INTO projects (id, name, created_by) VALUES (gen_random_uuid(), 'project of ${owner}', '${me}')`,
      `INSERT INTO project_users (id, project_id, user_id, role)
       SELECT gen_random_uuid(), id, '${me}', 'owner' FROM projects WHERE name = 'project of ${owner}'`,
      `WITH c AS (INSERT INTO conversations (id, band_id, title) VALUES (gen_random_uuid(), ${band}, 'talk of ${owner}') RETURNING *)
       INSERT INTO messages (id, band_id, conversation_id, body) SELECT gen_random_uuid(), band_id, id, 'secret of ${owner}' FROM c`,
      `INSERT INTO writing_sessions (id, user_id, name) VALUES (gen_random_uuid(), '${me}', 'session of ${owner}')`,
      `INSERT INTO read_marks (id, user_id, entity, entity_id, version) VALUES (gen_random_uuid(), '${me}', 'songs', gen_random_uuid(), 1)`,
      `INSERT INTO changes (id, scope_id, entity, entity_id, op, summary) VALUES (gen_random_uuid(), ${band}, 'songs', ${song}, 'update', 'change of ${owner}')`,
      `INSERT INTO conflicts (id, scope_id, entity, entity_id, field, base, current_value, offered_value, offered_by)
       VALUES (gen_random_uuid(), ${band}, 'songs', ${song}, 'title', '"a"', '"b"', '"offered by ${owner}"', '${me}')`,
      `INSERT INTO presence (id, band_id, client_id, user_id) VALUES (gen_random_uuid(), ${band}, gen_random_uuid(), '${me}')`,
    ]
    for (const statement of statements) await rows(statement)
  }
}
