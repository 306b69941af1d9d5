import { randomUUID } from 'node:crypto'
import { SAMPLE_USERS } from '@/db/sample-ids'
import type { AnyEntity } from '@/lib/entity/define'
import { textIn, type Json, type JsonRow } from '@/lib/protocol/json'
import { writes, type Attack } from './attack'
import type { Prey } from './world'

/** Attacks that follow from the declarations: every entity, every operation, every column that is not people's to set. */
export function registryCorpus(prey: readonly Prey[]): Attack[] {
  return prey.flatMap((each) => [...foreignRows(each), ...forgedColumns(each), ...risenRoles(each)])
}

const id = () => randomUUID()
const NOT_YOURS = ['not_found', 'forbidden', 'invalid']

/** Sarah owns The Night Shift and tries what is Olga's. */
function foreignRows({ entity, foreign }: Prey): Attack[] {
  const key = textIn(foreign, 'id')
  const { name } = entity
  const patch = onePatch(entity, foreign)
  const values = insertValues(entity, foreign)
  const attack = (what: string, write: JsonRow) =>
    writes('sarah', 'foreign rows', `${what} ${name}`, [{ id: id(), entity: name, key, ...write }], NOT_YOURS)
  const rest = (method: 'PATCH' | 'DELETE', body?: string): Attack => ({
    group: 'foreign rows',
    name: `${method} /api/${name}`,
    as: 'sarah',
    method,
    path: `/api/${name}/${key}`,
    ...(body ? { body } : {}),
    expect: { kind: 'refused', statuses: [400, 403, 404] },
  })
  return [
    attack('update', { op: 'update', patch }),
    attack('update with a guessed base', { op: 'update', patch, base: patch }),
    attack('delete', { op: 'delete' }),
    attack('restore', { op: 'restore' }),
    attack('insert over', { op: 'insert', values }),
    ...(entity.scope.column === 'id' || entity.scope.kind === 'user'
      ? []
      : [attack('insert into the scope of', { op: 'insert', key: id(), values })]),
    rest('PATCH', JSON.stringify({ patch })),
    rest('DELETE'),
  ]
}

/** The owner herself sets columns that are the server's, moves rows to other scopes, and invents columns. */
function forgedColumns({ entity, own, foreign }: Prey): Attack[] {
  const key = textIn(own, 'id')
  const { name } = entity
  const serverSet = entity.columns.filter(
    (column) => !Object.hasOwn(entity.fields, column) || entity.fields[column]?.insert === 'server',
  )
  const fixed = entity.columns.filter((column) => !entity.fields[column]?.patch)
  const invented: Record<string, Json> = {
    is_admin: true,
    constructor: { name: 'x' },
    toString: 'x',
    'title"; --': 'x',
  }
  const refused = ['invalid', 'forbidden']
  return [
    ...serverSet.map((column) =>
      writes(
        'sarah',
        'forged columns',
        `insert ${name} with ${column}`,
        [
          {
            id: id(),
            entity: name,
            op: 'insert',
            key: id(),
            values: { ...insertValues(entity, own), [column]: own[column] ?? null },
          },
        ],
        refused,
      ),
    ),
    ...fixed.map((column) =>
      writes(
        'sarah',
        'forged columns',
        `patch ${column} of ${name}`,
        [{ id: id(), entity: name, op: 'update', key, patch: { [column]: foreign[column] ?? null } }],
        refused,
      ),
    ),
    ...Object.entries(invented).map(([column, value]) =>
      writes(
        'sarah',
        'forged columns',
        `${column} of ${name}`,
        [{ id: id(), entity: name, op: 'update', key, patch: { [column]: value } }],
        refused,
      ),
    ),
    {
      ...writes('sarah', 'forged columns', `__proto__ of ${name}`, [], refused),
      body: `{"writes":[{"id":"${id()}","entity":"${name}","op":"update","key":"${key}","patch":{"__proto__":{"polluted":true}}}]}`,
    },
  ]
}

/** Mia is a viewer: what her role may not do, she tries on rows she can read. */
function risenRoles({ entity, own }: Prey): Attack[] {
  const { name, access } = entity
  const key = textIn(own, 'id')
  const may = (who: readonly string[]) => who.some((w) => ['anyone', 'member', 'viewer'].includes(w))
  const attack = (what: string, write: JsonRow) =>
    writes('mia', 'risen roles', `${what} ${name} as a viewer`, [{ id: id(), entity: name, key, ...write }], NOT_YOURS)
  const attacks = [
    attack('update', { op: 'update', patch: onePatch(entity, own) }),
    attack('delete', { op: 'delete' }),
    attack('restore', { op: 'restore' }),
  ]
  if (!may(access.insert) && entity.scope.kind !== 'user')
    attacks.push(attack('insert', { op: 'insert', key: id(), values: insertValues(entity, own) }))
  if (Object.hasOwn(entity.fields, 'role'))
    attacks.push(attack('make herself owner in', { op: 'update', patch: { role: 'owner' } }))
  if (Object.hasOwn(entity.fields, 'user_id')) {
    const values = { ...insertValues(entity, own), user_id: SAMPLE_USERS.sarah.id }
    attacks.push(attack('speak for Sarah in', { op: 'insert', key: id(), values }))
  }
  return attacks
}

/** The columns an insert may name, as this row has them. */
export function insertValues(entity: AnyEntity, row: JsonRow): JsonRow {
  const names = Object.keys(entity.fields).filter((column) => entity.fields[column]?.insert !== 'server')
  return Object.fromEntries(names.map((column) => [column, row[column] ?? null]).filter(([, value]) => value !== null))
}

/** One column an update may name, with a value that is not the row's. */
function onePatch(entity: AnyEntity, row: JsonRow): JsonRow {
  for (const [column, field] of Object.entries(entity.fields)) {
    if (!field.patch) continue
    for (const value of ['changed', 7, null, ['changed'], true, 'owner', 'no', '2030-01-01T00:00:00.000Z']) {
      const parsed = field.schema.safeParse(value)
      if (parsed.success && JSON.stringify(value) !== JSON.stringify(row[column])) return { [column]: value }
    }
  }
  return { nothing: 'can be patched' }
}
