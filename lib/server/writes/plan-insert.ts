import 'server-only'
import { entityNamed } from '@/entities'
import { mayInsert } from '@/lib/entity/access'
import type { AnyEntity } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { roleIn } from '@/lib/entity/scope'
import type { JsonRow } from '@/lib/protocol/json'
import { blocked, forbidden, invalid, KEY_TAKEN, type Rejection } from './outcome'
import { addOp, scopeValue, type Decision, type PlanState, type RowOp } from './plan-state'
import { mergeIntoRow } from './plan-update'
import type { Write } from './received'
import { checkReferences } from './references'
import { rowId } from './row-id'
import { rowAfterInsert } from './table'

type Insert = Extract<Write, { op: 'insert' }>

export function planInsert(state: PlanState, write: Insert): Decision {
  const { entity, key } = write
  const { user_id } = state.viewer
  const columns = withOwner(entity, write.values, user_id)
  const scope = scopeValue(entity, key, columns, user_id)
  if (scope === null) return invalid(`values.${entity.scope.column}: is missing`)
  const refusal = refuseInsert(state, write, columns, scope)
  if (refusal) return refusal
  const existing = state.rows.get(rowId(entity, key))
  if (existing && !entity.derivedKey) return invalid(KEY_TAKEN)
  const references = checkReferences(state, entity, columns, { scope, current: existing?.row ?? {} })
  if ('kind' in references) return references
  if (existing)
    return mergeIntoRow(state, write, existing, { patch: patchable(entity, columns), base: {}, revives: true })

  const op = addOp(state, { kind: 'insert', entity, key, columns }, { rows: references.buildsOn, scope })
  remember(state, op, columns, scope)
  addAlso(state, write, op)
  return {
    kind: 'applied',
    isChange: true,
    subject: { entity, key, after: op },
    logged: { op: 'insert', rowOp: op, fields: Object.keys(columns) },
  }
}

function refuseInsert(
  { rejected, viewer }: PlanState,
  { entity, key }: Insert,
  columns: JsonRow,
  scope: string,
): Rejection | null {
  const isContainer = entity.scope.column === 'id'
  if (!isContainer && rejected.hasContainer(scope)) return blocked()
  if (!isContainer && roleIn(entity.scope, scope, viewer) === null) return forbidden()
  if (!mayInsert(entity, scope, { ...columns, ...ownerColumn(entity, viewer.user_id) }, viewer)) return forbidden()
  const foreign = entity.ownIdOrNull.filter(
    (name) => ![null, undefined, viewer.user_id].includes(columns[name] as string),
  )
  if (foreign.length > 0) return invalid(...foreign.map((name) => `values.${name}: can only be yourself`))
  if (entity.derivedKey && entity.derivedKey(columns, viewer.user_id) !== key) {
    return invalid('key: is not the one that follows from the values')
  }
  return null
}

/** Where an entity lets people name its person and they do not, it is themselves. */
function withOwner(entity: AnyEntity, values: JsonRow, userId: string): JsonRow {
  return entity.fields['user_id']?.insert === 'optional' && values['user_id'] === undefined
    ? { ...values, user_id: userId }
    : values
}

/** Where the server sets the person, it is the writer: the database fills it in. */
function ownerColumn(entity: AnyEntity, userId: string): JsonRow {
  return entity.fields['user_id']?.insert === 'server' ? { user_id: userId } : {}
}

function patchable(entity: AnyEntity, columns: JsonRow): JsonRow {
  return Object.fromEntries(Object.entries(columns).filter(([name]) => entity.fields[name]?.patch))
}

function remember(state: PlanState, op: RowOp, columns: JsonRow, scope: string): void {
  const { entity, key } = op
  const { user_id } = state.viewer
  const row = { ...rowAfterInsert(entity, key, columns, user_id), ...ownerColumn(entity, user_id) }
  state.rows.set(rowId(entity, key), { entity, key, row, changed: new Set(Object.keys(columns)), lastOp: op })
  state.referenced.set(rowId(entity, key), scope)
}

/** Plans the rows that come into being with this one. A membership among them makes the container the writer's own. */
function addAlso(state: PlanState, { id, entity, key, values }: Insert, op: RowOp): void {
  const { viewer } = state
  // Name and picture are filled in by the database, from the account.
  const inserts = entity.also?.(key, values, { user_id: viewer.user_id, name: null, avatar_url: null }) ?? []
  for (const [index, also] of inserts.entries()) {
    const alsoEntity = entityNamed(also.entity)
    if (!alsoEntity) throw new Error(`${entity.name} also inserts the unknown ${also.entity}`)
    const alsoKey = derivedUuid(id, String(index))
    const columns = Object.fromEntries(Object.entries(also.values).filter(([, value]) => value !== null))
    const alsoOp = addOp(
      state,
      { kind: 'insert', entity: alsoEntity, key: alsoKey, columns },
      { rows: [rowId(op.entity, op.key)] },
    )
    const scope = scopeValue(alsoEntity, alsoKey, columns, viewer.user_id) ?? key
    remember(state, alsoOp, columns, scope)
    state.containerLevels.set(scope, Math.max(alsoOp.level, state.containerLevels.get(scope) ?? -1))
    grant(state, alsoEntity, scope, columns)
  }
}

function grant({ viewer }: PlanState, entity: AnyEntity, scope: string, columns: JsonRow): void {
  if (!('mine' in entity.scope) || columns['user_id'] !== viewer.user_id || columns['role'] !== 'owner') return
  if (entity.scope.kind === 'band') viewer.bands.set(scope, 'owner')
  if (entity.scope.kind === 'project') viewer.projects.set(scope, 'owner')
}
