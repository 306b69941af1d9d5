import * as z from 'zod/mini'
import type { JsonRow } from '@/lib/protocol/json'
import type { Access } from './access'
import { distinctIds, timestamp, uuid, integer } from './fields'
import type { Scope } from './scope'

/**
 * How two people's changes to one field meet:
 * `last-write-wins` the later write stands, the replaced value stays in history · `ask` a person decides ·
 * `text` line by line, asks where both touched the same line · `union` sets, adds and removes of both survive ·
 * `list` ordered items with ids · `max` never falls.
 */
export type MergeStrategy = 'last-write-wins' | 'ask' | 'text' | 'union' | 'list' | 'max'

/** One column that is the entity's own. */
export interface Field<
  Schema extends z.ZodMiniType = z.ZodMiniType,
  Insert extends 'required' | 'optional' | 'server' = 'required' | 'optional' | 'server',
  Patch extends boolean = boolean,
> {
  schema: Schema
  /** What a write may carry, where that is narrower than what rows hold: rows of an earlier release are still read. */
  writable?: z.ZodMiniType
  /** Whether an insert must name it, may name it, or the server alone sets it. */
  insert: Insert
  /** Whether an update may name it. */
  patch: Patch
  merge: MergeStrategy
}

/** A column people may set and change. */
export function field<Schema extends z.ZodMiniType>(
  schema: Schema,
  merge: MergeStrategy = 'last-write-wins',
): Field<Schema, 'optional', true> {
  return { schema, insert: 'optional', patch: true, merge }
}

/** A column every insert must name, changeable afterwards. */
export function required<Schema extends z.ZodMiniType>(
  schema: Schema,
  merge: MergeStrategy = 'last-write-wins',
): Field<Schema, 'required', true> {
  return { schema, insert: 'required', patch: true, merge }
}

/** A column every insert must name and that stays as it is. */
export function fixed<Schema extends z.ZodMiniType>(schema: Schema): Field<Schema, 'required', false> {
  return { schema, insert: 'required', patch: false, merge: 'last-write-wins' }
}

/** A column an insert may name and that stays as it is. */
export function fixedOptional<Schema extends z.ZodMiniType>(schema: Schema): Field<Schema, 'optional', false> {
  return { schema, insert: 'optional', patch: false, merge: 'last-write-wins' }
}

/** A column the server alone sets at insert; `patch` says whether people may change it afterwards. */
export function serverSet<Schema extends z.ZodMiniType>(schema: Schema): Field<Schema, 'server', false> {
  return { schema, insert: 'server', patch: false, merge: 'last-write-wins' }
}

/** A column that is empty at first and that people fill in with an update. */
export function patchOnly<Schema extends z.ZodMiniType>(schema: Schema): Field<Schema, 'server', true> {
  return { schema, insert: 'server', patch: true, merge: 'last-write-wins' }
}

const id = { id: uuid() }
const appended = { ...id, created_at: timestamp(), deleted_at: z.nullable(timestamp()) }
const edited = {
  ...appended,
  version: integer(1),
  created_by: z.nullable(uuid()),
  updated_at: timestamp(),
  updated_by: z.nullable(uuid()),
  updated_by_client: z.nullable(uuid()),
}

/** Columns the server owns: `edited` rows that people change, `appended` log rows, `ephemeral` rows without history. */
export const SERVER_COLUMNS = { edited, appended, ephemeral: id } as const
export type ServerColumns = keyof typeof SERVER_COLUMNS

/**
 * A column that names another row, and where that row must be: in the row's own `scope`, or in any of `my-bands`
 * (personal rows and projects).
 */
export type Reference = { within: 'scope' | 'my-bands' } & (
  | { column: string; entity: string }
  /** The entity depends on the value of another column. */
  | { column: string; by: string; entities: Readonly<Record<string, string>> }
  /** Each item of a list names a row in its own `item` key. */
  | { column: string; item: string; entity: string }
)

/** Who makes a write, as far as declarations may know. */
export interface Actor {
  user_id: string
  name: string | null
  avatar_url: string | null
}

/** A row that is inserted in the same transaction as another. Its key is uuidv5(write id, position). */
export interface AlsoInsert {
  entity: string
  values: JsonRow
}

type Fields = Readonly<Record<string, Field>>

export interface EntitySpec<
  Name extends string,
  OwnFields extends Fields,
  Server extends ServerColumns = ServerColumns,
> {
  /** The table, the path segment and the registry key. */
  name: Name
  /** What people call one row: "song". */
  noun: string
  scope: Scope
  /** Which columns the server owns; `edited` unless said otherwise. */
  serverColumns?: Server
  fields: OwnFields
  access: Access
  references?: readonly Reference[]
  /** Columns of the table that never leave through a shape. */
  hidden?: readonly string[]
  /** Columns whose only values are null and the writer's own user id. */
  ownIdOrNull?: readonly string[]
  /** While this column names someone, only they or an owner may change or delete the row. */
  lock?: string
  /** Key of rows that exist once per meaning: the door enforces it, a second insert merges as an update. */
  derivedKey?: (values: JsonRow, userId: string) => string
  /** Rows that come into being with this one. */
  also?: (key: string, values: JsonRow, actor: Actor) => AlsoInsert[]
  /** Deleting the row deletes its whole scope: contents, changes, memberships, with one `deleted_at`. */
  cascade?: boolean
  /** Grows without end: live from now on, older rows through the history door, by `group`. */
  history?: { group: string }
  /** While a row's time is near, these entities of its scope stay on the devices that have them, whatever the budget. */
  keepsWhenNear?: { column: string; withinDays: number; entities: readonly string[] }
  /** Whether every applied write appends a row to `changes`; true unless said otherwise. */
  tracked?: boolean
  /** Whether others' changes raise a notice. */
  notice?: boolean
  /** Which door takes its writes; `none` where only the server writes. */
  writes?: 'door' | 'presence' | 'none'
  /** Names one row for toasts, activity and the conflict inbox. */
  describe: (row: JsonRow) => string
  /** Upgrades of writes made under an older schema version, keyed by the version they lead to. */
  upgrade?: Readonly<Record<number, (columns: JsonRow) => JsonRow>>
}

/** An entity whose field types are not known here: what the generic doors, caches and laws work with. */
export interface AnyEntity extends Omit<
  Required<EntitySpec<string, Fields>>,
  'derivedKey' | 'also' | 'history' | 'lock' | 'keepsWhenNear'
> {
  derivedKey: EntitySpec<string, Fields>['derivedKey']
  also: EntitySpec<string, Fields>['also']
  history: EntitySpec<string, Fields>['history']
  keepsWhenNear: EntitySpec<string, Fields>['keepsWhenNear']
  lock: string | undefined
  /** Every column a shape serves, in declaration order: the keys of `row`. */
  columns: readonly string[]
  /** A whole row, as shapes, history and results carry it. */
  row: z.ZodMiniType<JsonRow>
  /** What an insert may carry (besides its key). Unknown columns are refused. */
  insert: z.ZodMiniType<JsonRow>
  /** What an update may carry. Unknown columns are refused. */
  patch: z.ZodMiniType<JsonRow>
}

type FieldValues<F extends Fields> = { [K in keyof F]: z.infer<F[K]['schema']> }
type KeysWhere<F extends Fields, Insert extends string> = {
  [K in keyof F]: F[K]['insert'] extends Insert ? K : never
}[keyof F]
type PatchKeys<F extends Fields> = { [K in keyof F]: F[K]['patch'] extends true ? K : never }[keyof F]
type Flat<T> = { [K in keyof T]: T[K] }

type ServerColumnValues<S extends ServerColumns> = {
  [K in keyof (typeof SERVER_COLUMNS)[S]]: z.infer<(typeof SERVER_COLUMNS)[S][K]>
}

/** An entity with its types: `RowOf`, `InsertOf` and `PatchOf` read them. */
export interface Entity<
  Name extends string = string,
  F extends Fields = Fields,
  Server extends ServerColumns = ServerColumns,
> extends AnyEntity {
  name: Name
  fields: F
  /** Never set: carries the types. */
  readonly types?: {
    row: Flat<Omit<ServerColumnValues<Server>, keyof F> & FieldValues<F>>
    insert: Flat<
      Pick<FieldValues<F>, KeysWhere<F, 'required'>> & Partial<Pick<FieldValues<F>, KeysWhere<F, 'optional'>>>
    >
    patch: Flat<Partial<Pick<FieldValues<F>, PatchKeys<F>>>>
  }
}

export type RowOf<E> = E extends { readonly types?: { row: infer R } } ? R : never
export type InsertOf<E> = E extends { readonly types?: { insert: infer I } } ? I : never
export type PatchOf<E> = E extends { readonly types?: { patch: infer P } } ? P : never

/**
 * Declares a synced entity: its columns, who may do what, and how changes meet. Reads, writes, browser and laws all
 * derive from this one declaration.
 */
export function defineEntity<
  const Name extends string,
  F extends Fields,
  const Server extends ServerColumns = 'edited',
>(spec: EntitySpec<Name, F, Server>): Entity<Name, F, Server> {
  const serverColumns = spec.serverColumns ?? 'edited'
  const fieldSchemas = mapFields(spec.fields, ({ schema }) => schema)
  const rowShape: Record<string, z.ZodMiniType> = { ...SERVER_COLUMNS[serverColumns], ...fieldSchemas }
  const insertShape = mapFields(spec.fields, (each) =>
    each.insert === 'server' ? null : each.insert === 'required' ? writable(each) : z.optional(writable(each)),
  )
  const patchShape = mapFields(spec.fields, (each) => (each.patch ? z.optional(writable(each)) : null))
  return {
    references: [],
    hidden: [],
    ownIdOrNull: [],
    lock: undefined,
    derivedKey: undefined,
    also: undefined,
    history: undefined,
    keepsWhenNear: undefined,
    cascade: false,
    tracked: true,
    notice: false,
    writes: 'door',
    upgrade: {},
    ...spec,
    serverColumns,
    columns: Object.keys(rowShape),
    // The shapes are built from the fields above; zod cannot follow that, JSON columns are JSON by construction.
    row: z.object(rowShape) as unknown as z.ZodMiniType<JsonRow>,
    insert: z.strictObject(insertShape) as unknown as z.ZodMiniType<JsonRow>,
    patch: z.strictObject(patchShape) as unknown as z.ZodMiniType<JsonRow>,
  }
}

function writable({ schema, merge, writable: narrower = schema }: Field): z.ZodMiniType {
  return merge === 'list' ? narrower.check(distinctIds()) : narrower
}

function mapFields(fields: Fields, map: (field: Field) => z.ZodMiniType | null): Record<string, z.ZodMiniType> {
  const mapped: Record<string, z.ZodMiniType> = {}
  for (const [name, each] of Object.entries(fields)) {
    const schema = map(each)
    if (schema) mapped[name] = schema
  }
  return mapped
}
