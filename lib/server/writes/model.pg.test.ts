import fc from 'fast-check'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDatabase, type Database } from '@/db/client'
import type { WireWrite, WriteResult } from '@/lib/protocol/writes'
import type { TestDatabase } from '@/scripts/test/database'
import { testDatabase } from '@/scripts/test/postgres'
import { stable, WriteModel, type Role, type SongPatch } from '@/scripts/test/write-model'
import { applyWrites } from './apply-writes'
import { readWrite } from './received'

/** How many random histories are tried; `WRITE_MODEL_RUNS` makes a soak of it. */
const RUNS = Number(process.env['WRITE_MODEL_RUNS'] ?? 40)

const PEOPLE: readonly Role[] = ['owner', 'collaborator', 'collaborator', 'viewer', 'stranger']
const SONGS = 3

let testDb: TestDatabase
let owner: pg.Client
let db: Database

beforeAll(async () => {
  testDb = await testDatabase({ migrated: true })
  owner = new pg.Client(testDb.ownerUrl)
  await owner.connect()
  db = openDatabase(testDb.appUrl)
})

afterAll(async () => {
  await db.close()
  await owner.end()
  await testDb[Symbol.asyncDispose]()
})

/** What a person does next. Rows and values are named by numbers, so that histories shrink well. */
type Step =
  | { kind: 'send'; person: number; writes: Intent[]; fault: Fault; twice: boolean }
  /** Sends some of one's earlier writes again, in the order they were made. */
  | { kind: 'resend'; person: number; from: number; count: number }
  | { kind: 'decide'; person: number; question: number; offered: boolean }
  /** Sees what stands now: later edits have it as their base. */
  | { kind: 'look'; person: number }

type Intent = { op: WireWrite['op']; song: number; patch: SongPatch; base: 'seen' | 'none' }
type Fault = 'none' | 'answer lost' | 'killed before commit' | 'killed after commit'

const person = fc.nat({ max: PEOPLE.length - 1 })
const patch: fc.Arbitrary<SongPatch> = fc.record(
  {
    title: fc.constantFrom('A', 'B', 'C', ''),
    artist: fc.constantFrom('x', 'y', null),
    tags: fc.subarray(['p', 'q', 'r']),
    notes: fc.constantFrom('one', 'two', null),
  },
  { requiredKeys: [] },
)
const intent: fc.Arbitrary<Intent> = fc.record({
  op: fc.oneof(
    { weight: 2, arbitrary: fc.constant('insert' as const) },
    { weight: 5, arbitrary: fc.constant('update' as const) },
    { weight: 1, arbitrary: fc.constant('delete' as const) },
    { weight: 1, arbitrary: fc.constant('restore' as const) },
  ),
  song: fc.nat({ max: SONGS - 1 }),
  patch,
  base: fc.constantFrom('seen' as const, 'seen' as const, 'none' as const),
})
const fault: fc.Arbitrary<Fault> = fc.constantFrom(
  'none',
  'none',
  'none',
  'answer lost',
  'killed before commit',
  'killed after commit',
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      person,
      writes: fc.array(intent, { minLength: 1, maxLength: 6 }),
      fault,
      twice: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('resend' as const),
      person,
      from: fc.nat({ max: 20 }),
      count: fc.nat({ max: 12 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      person,
      question: fc.nat({ max: 4 }),
      offered: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const), person }) },
)

class Killed extends Error {}

/** One history, with its own people and band. */
class World {
  readonly model: WriteModel
  readonly people: string[] = PEOPLE.map(() => crypto.randomUUID())
  readonly band = crypto.randomUUID()
  readonly songs = Array.from({ length: SONGS }, () => crypto.randomUUID())
  readonly sent = this.people.map((): WireWrite[] => [])
  readonly #seen = this.people.map(() => new Map<string, SongPatch>())

  constructor() {
    this.model = new WriteModel(new Map(this.people.map((id, index) => [id, PEOPLE[index] ?? 'stranger'])))
  }

  async found(): Promise<void> {
    await owner.query(`INSERT INTO users (id, email) SELECT id, id || '@model.test' FROM unnest($1::uuid[]) id`, [
      this.people,
    ])
    await owner.query(`INSERT INTO bands (id, name) VALUES ($1, 'Model')`, [this.band])
    const members = this.people.flatMap((id, index) =>
      PEOPLE[index] === 'stranger' ? [] : [{ id, role: PEOPLE[index] }],
    )
    await owner.query(
      `INSERT INTO band_members (id, band_id, user_id, role)
       SELECT gen_random_uuid(), $1, m.id, m.role FROM jsonb_to_recordset($2) m (id uuid, role text)`,
      [this.band, JSON.stringify(members)],
    )
  }

  look(person: number): void {
    for (const [key, { title, artist, tags, notes }] of this.model.songs)
      this.#seen[person]?.set(key, { title, artist, tags, notes })
  }

  writeOf(person: number, { op, song, patch, base }: Intent): WireWrite {
    const id = crypto.randomUUID()
    const key = this.songs[song] ?? ''
    const common = { id, entity: 'songs', key }
    switch (op) {
      case 'insert':
        return { ...common, op, values: { band_id: this.band, title: 'A', ...patch } }
      case 'update': {
        const seen = this.#seen[person]?.get(key)
        return { ...common, op, patch, ...(base === 'seen' && seen ? { base: seen } : {}) }
      }
      case 'delete':
        return { ...common, op }
      case 'restore':
        return { ...common, op, patch }
    }
  }
}

async function send(userId: string, writes: readonly WireWrite[], fault: Fault): Promise<WriteResult[] | null> {
  const faulty: Pick<Database, 'transaction'> = {
    transaction: async (act) => {
      const result = await db.transaction(async (tx) => {
        const done = await act(tx)
        if (fault === 'killed before commit') throw new Killed()
        return done
      })
      if (fault === 'killed after commit') throw new Killed()
      return result
    },
  }
  const items = writes.map((write) => readWrite(JSON.parse(JSON.stringify(write))))
  try {
    const drained = await applyWrites(
      faulty,
      { session: { user_id: userId, session_version: 1 }, clientId: null },
      items,
    )
    return drained.ok && fault !== 'answer lost' ? drained.answers.map(({ result }) => result) : null
  } catch (error) {
    if (error instanceof Killed) return null
    throw error
  }
}

function said(result: WriteResult): unknown {
  switch (result.status) {
    case 'rejected':
      return { verdict: `rejected:${result.code}` }
    case 'conflict':
      return { verdict: 'conflict', version: result.version, clashes: result.fields.map(({ field }) => field).sort() }
    case 'applied':
      return { verdict: result.txid === null ? 'unchanged' : 'applied', version: result.version }
  }
}

async function sendAndCompare(world: World, person: number, writes: WireWrite[], fault: Fault): Promise<void> {
  const userId = world.people[person] ?? ''
  const results = await send(userId, writes, fault)
  if (fault === 'killed before commit') return
  const predicted = world.model.send(userId, writes)
  if (results) expect(results.map(said)).toEqual(predicted)
}

async function take(world: World, step: Step): Promise<void> {
  switch (step.kind) {
    case 'look':
      return world.look(step.person)
    case 'send': {
      const writes = step.writes.map((intent) => world.writeOf(step.person, intent))
      world.sent[step.person]?.push(...writes)
      await sendAndCompare(
        world,
        step.person,
        step.twice ? writes.flatMap((write) => [write, write]) : writes,
        step.fault,
      )
      return
    }
    case 'resend': {
      const again = world.sent[step.person]?.slice(step.from, step.from + step.count) ?? []
      if (again.length > 0) await sendAndCompare(world, step.person, again, 'none')
      return
    }
    case 'decide': {
      const question = world.model.questions[step.question]
      if (!question) return
      const decision = step.offered ? 'offered' : 'current'
      const write: WireWrite = {
        id: crypto.randomUUID(),
        entity: 'conflicts',
        op: 'update',
        key: question.key,
        patch: { decision },
      }
      world.sent[step.person]?.push(write)
      await sendAndCompare(world, step.person, [write], 'none')
    }
  }
}

async function compareTables({ model, songs, band }: World): Promise<void> {
  const { rows } = await owner.query(
    `SELECT id, title, artist, tags, notes, version, deleted_at IS NULL AS lives FROM songs WHERE id = ANY ($1)`,
    [songs],
  )
  const expected = [...model.songs].map(([id, { deletion, ...song }]) => ({ id, ...song, lives: deletion === null }))
  expect(rows.map(stable).sort()).toEqual(expected.map(stable).sort())
  const open = await owner.query(
    `SELECT entity_id, field, offered_by, offered_value FROM conflicts WHERE scope_id = $1 AND decision IS NULL`,
    [band],
  )
  const questions = open.rows.map((q) => `${q.entity_id} ${q.field} ${q.offered_by} ${stable(q.offered_value)}`)
  expect(questions.sort()).toEqual(model.openQuestions())
  const logged = await owner.query(`SELECT write_id FROM changes WHERE scope_id = $1`, [band])
  expect(logged.rows.map(({ write_id }) => write_id as string).sort()).toEqual([...model.logged].sort())
}

test('random histories of several people come out as the model says, whatever is lost, repeated or killed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = new World()
      await world.found()
      for (const step of steps) await take(world, step)
      await compareTables(world)
      // Everything anybody ever sent, once more: nothing that was settled happens again.
      const before = world.model.logged.length
      for (const [person, writes] of world.sent.entries()) {
        const settled = writes.filter((write) => world.model.isSettled(world.people[person] ?? '', write.id))
        if (settled.length > 0) await sendAndCompare(world, person, settled, 'none')
      }
      expect(world.model.logged.length).toBe(before)
      await compareTables(world)
    }),
    { numRuns: RUNS },
  )
}, 600_000)
