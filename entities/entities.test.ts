import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mayDelete, mayInsert, mayRead, refusedFields } from '@/lib/entity/access'
import { SERVER_COLUMNS, type AnyEntity } from '@/lib/entity/define'
import type { BandRole, ProjectRole, Viewer } from '@/lib/entity/viewer'
import type { JsonRow } from '@/lib/protocol/json'
import { sampleValue, wordsOf } from '@/scripts/test/laws/sample-values'
import { allEntities, entities, entityNamed } from '.'
import { ACTORS, type Actor, PERMISSIONS, type Permissions, whoMayChange } from './permission-matrix'

const BAND = '0b000000-0000-4000-8000-000000000001'
const PROJECT = '0b000000-0000-4000-8000-000000000002'
const ELSEWHERE = '0b000000-0000-4000-8000-000000000003'
const ME = '0b000000-0000-4000-8000-00000000000a'
const OTHER = '0b000000-0000-4000-8000-00000000000b'

describe('the registry', () => {
  test('names every entity once, by its own name', () => {
    for (const [name, entity] of Object.entries(entities)) {
      expect(entity.name).toBe(name)
      expect(entityNamed(name)).toBe(entity)
    }
  })

  test('finds nothing under names that every object knows', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'Songs', 'songs ']) {
      expect(entityNamed(name), name).toBeNull()
    }
  })

  test('has its lines in the permission matrix, and no other', () => {
    expect(Object.keys(PERMISSIONS).toSorted()).toEqual(allEntities.map(({ name }) => name).toSorted())
  })
})

describe.each(allEntities.map((entity) => [entity.name, entity] as const))('%s', (name, entity) => {
  const { scope, fields, columns } = entity
  const permissions = PERMISSIONS[name]
  const own = Object.keys(fields)

  test('spells its columns in snake_case and keeps off the server’s', () => {
    for (const column of columns) expect(column).toMatch(/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/)
    // read_marks alone says itself what a version is there.
    const shadowed = own.filter((column) => column in SERVER_COLUMNS[entity.serverColumns])
    expect(shadowed).toEqual(name === 'read_marks' ? ['version'] : [])
  })

  test('has its scope in a column that no update may name', () => {
    expect(columns).toContain(scope.column)
    if (scope.column !== 'id') expect(fields[scope.column]?.patch).toBe(false)
    if ('mine' in scope && scope.mine) expect(fields[scope.mine]?.patch).toBe(false)
    expect(entity.patch.safeParse({ [scope.column]: ELSEWHERE }).success).toBe(false)
  })

  test('takes no unknown column and none of the server’s from anybody', () => {
    const refused = ['no_such_column', '__proto__', 'constructor', ...Object.keys(SERVER_COLUMNS.edited)]
    for (const column of refused.filter((each) => !own.includes(each))) {
      // Not a literal, in which __proto__ would set the prototype.
      const values = JSON.parse(`{${JSON.stringify(column)}: ${JSON.stringify(OTHER)}}`) as JsonRow
      expect(entity.patch.safeParse(values).success, column).toBe(false)
      expect(entity.insert.safeParse({ ...insertOf(entity), ...values, [column]: OTHER }).success, column).toBe(false)
    }
    for (const [column, field] of Object.entries(fields)) {
      const value = { [column]: sampleValue(field.schema, 0) }
      expect(entity.patch.safeParse(value).success, column).toBe(field.patch)
      const inserted = entity.insert.safeParse({ ...insertOf(entity), ...value }).success
      expect(inserted, column).toBe(field.insert !== 'server')
    }
  })

  test('merges each field in a way that its type allows', () => {
    for (const [column, { schema, merge }] of Object.entries(fields)) {
      const takes = (value: unknown) => schema.safeParse(value).success
      if (merge === 'union') expect(takes(['a', 'b']), column).toBe(true)
      if (merge === 'text') expect(takes('one\ntwo'), column).toBe(true)
      if (merge === 'max') expect(takes(1) || takes('a'), column).toBe(true)
      if (merge === 'list') expect(takes([]) && !takes(['a']) && !takes([{}]), column).toBe(true)
    }
  })

  test('refers to entities and columns that exist', () => {
    for (const reference of entity.references) {
      expect(own).toContain(reference.column)
      const targets = 'by' in reference ? Object.values(reference.entities) : [reference.entity]
      for (const target of targets) expect(entityNamed(target), target).not.toBeNull()
      if ('by' in reference) {
        const by = fields[reference.by]
        expect(Object.keys(reference.entities).every((word) => wordsOf(by!.schema)?.includes(word))).toBe(true)
        // A reference that could be turned to another entity afterwards would have to be checked again.
        expect(by?.patch && !fields[reference.column]?.patch).toBe(false)
      }
    }
    for (const column of [...entity.ownIdOrNull, entity.lock ?? [], entity.history?.group ?? []].flat()) {
      expect(columns).toContain(column)
    }
    for (const column of entity.hidden) expect(columns).not.toContain(column)
    for (const also of entity.also?.(BAND, {}, { user_id: ME, name: null, avatar_url: null }) ?? []) {
      expect(entityNamed(also.entity)?.columns).toEqual(expect.arrayContaining(Object.keys(also.values)))
    }
  })

  test('describes any row in words, whatever is missing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...columns), fc.jsonValue()), (row) => {
        expect(typeof entity.describe(row as JsonRow)).toBe('string')
      }),
    )
  })

  test('derives one key from one meaning', () => {
    if (!entity.derivedKey) return
    const values = insertOf(entity)
    const key = entity.derivedKey(values, ME)
    expect(entity.derivedKey({ ...values }, ME)).toBe(key)
    expect(entity.derivedKey(values, OTHER)).not.toBe(key)
    expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  })

  test('declares reading so that one shape serves a whole scope', () => {
    expect(entity.access.read).not.toContain('author')
    expect(entity.access.read).not.toContain('target-editor')
  })

  test.each(['read', 'insert', 'change', 'delete'] as const)('declares who may %s as the matrix says', (op) => {
    const allowed = ACTORS.filter((actor) => actor !== 'nobody' && declares(entity, op, actor))
    expect(allowed.toSorted()).toEqual(expectedOf(permissions!, op).toSorted())
  })

  test('declares each field’s change as the matrix says', () => {
    for (const field of own.filter((each) => fields[each]?.patch)) {
      const allowed = ACTORS.filter((actor) => actor !== 'nobody' && mayChange(entity, actor, [field]))
      expect(allowed.toSorted(), field).toEqual([...whoMayChange(permissions!, field)].toSorted())
    }
  })
})

type Op = 'read' | 'insert' | 'change' | 'delete'

function expectedOf(permissions: Permissions, op: Op): Actor[] {
  if (op !== 'change') return [...permissions[op]]
  const named = Object.values(permissions.change)
  return ACTORS.filter((actor) => named.some((who) => who.includes(actor)))
}

function declares(entity: AnyEntity, op: Op, actor: Actor): boolean {
  const viewer = viewerAs(entity, actor)
  const { row, scope } = meets(entity, actor)
  switch (op) {
    case 'read':
      return mayRead(entity, scope, viewer)
    case 'insert':
      return mayInsert(entity, entity.scope.column === 'id' ? ELSEWHERE : scope, row, viewer)
    case 'change':
      return Object.entries(entity.fields).some(([field, { patch }]) => patch && mayChange(entity, actor, [field]))
    case 'delete':
      return mayDelete({ entity, scope, row, viewer })
  }
}

function mayChange(entity: AnyEntity, actor: Actor, fields: string[]): boolean {
  const { row, scope } = meets(entity, actor)
  // The question of the matrix is about a song.
  const mayChangeTarget = actor === 'owner' || actor === 'collaborator'
  return refusedFields({ entity, scope, row, viewer: viewerAs(entity, actor), mayChangeTarget }, fields).length === 0
}

function viewerAs(entity: AnyEntity, actor: Actor): Viewer {
  const bandRole: Partial<Record<Actor, BandRole>> = {
    owner: 'owner',
    collaborator: 'collaborator',
    viewer: 'viewer',
    self: 'viewer',
  }
  const projectRole: Partial<Record<Actor, ProjectRole>> = {
    owner: 'owner',
    collaborator: 'collaborator',
    self: 'collaborator',
  }
  const bands = new Map<string, BandRole>(actor === 'outsider' ? [[ELSEWHERE, 'owner']] : [])
  const projects = new Map<string, ProjectRole>()
  if (bandRole[actor]) bands.set(BAND, bandRole[actor])
  if (projectRole[actor]) projects.set(PROJECT, projectRole[actor])
  return { user_id: ME, bands, projects }
}

/** The row an actor meets, and its scope. */
function meets(entity: AnyEntity, actor: Actor): { row: JsonRow; scope: string } {
  const person = actor === 'self' ? ME : OTHER
  const scope = { band: BAND, any: BAND, project: PROJECT, user: person }[entity.scope.kind]
  return { row: { created_by: person, user_id: person }, scope }
}

/** The least an insert must say. */
function insertOf(entity: AnyEntity): JsonRow {
  const required = Object.entries(entity.fields).filter(([, field]) => field.insert === 'required')
  return Object.fromEntries(required.map(([column, { schema }]) => [column, sampleValue(schema, 0)]))
}
