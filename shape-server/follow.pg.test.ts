import pg from 'pg'
import { expect, test } from 'vitest'
import { eventually } from '@/scripts/test/eventually'
import { testDatabase } from '@/scripts/test/postgres'
import { testShapeServer } from './testing'
import type { TestShapeServer } from './testing'

type Message = { key?: string; value?: Record<string, string | null>; headers: Record<string, unknown> }

async function read(response: Response): Promise<Message[]> {
  expect(response.status).toBe(200)
  return (await response.json()) as Message[]
}

/** Reads a shape until it is up to date, and remembers where it stands. */
async function follow(server: TestShapeServer, params: Record<string, string>) {
  const first = await server.shape({ ...params, offset: '-1' })
  const handle = first.headers.get('electric-handle') ?? ''
  let offset = first.headers.get('electric-offset') ?? ''
  const messages = await read(first)
  for (;;) {
    const response = await server.shape({ ...params, offset, handle })
    messages.push(...(await read(response)))
    offset = response.headers.get('electric-offset') ?? ''
    if (response.headers.has('electric-up-to-date')) break
  }
  return {
    messages,
    handle,
    get offset() {
      return offset
    },
    /** The next live answer. */
    async live() {
      const response = await server.shape({ ...params, offset, handle, live: 'true' })
      const found = response.status === 200 ? await read(response) : []
      offset = response.headers.get('electric-offset') ?? offset
      return { status: response.status, messages: found, headers: response.headers }
    },
  }
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql)
  await client.end()
}

const rowsOf = (messages: Message[]) => messages.filter((message) => message.key !== undefined)

test('a shape starts with a snapshot at 0_0, is up to date at 0_inf, and then follows every change', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(
    `CREATE TABLE items (id int PRIMARY KEY, title text, done bool NOT NULL DEFAULT false); INSERT INTO items VALUES (1, 'a "b" / \\ c'), (2, NULL)`,
  )
  const first = await server.shape({ table: 'items', offset: '-1' })
  expect(first.headers.get('electric-offset')).toBe('0_0')
  expect(first.headers.get('electric-up-to-date')).toBeNull()
  expect(JSON.parse(first.headers.get('electric-schema') ?? '')).toEqual({
    id: { type: 'int4', pk_index: 0, not_null: true },
    title: { type: 'text' },
    done: { type: 'bool', not_null: true },
  })
  const snapshot = await read(first)
  expect(snapshot[0]).toEqual({
    key: '"public"."items"/"1"',
    value: { id: '1', title: 'a "b" / \\ c', done: 'false' },
    headers: { operation: 'insert', relation: ['public', 'items'] },
  })
  expect(snapshot.at(-1)?.headers).toMatchObject({ control: 'snapshot-end' })

  const reader = await follow(server, { table: 'items' })
  expect(reader.offset).toBe('0_inf')
  const waiting = reader.live()
  await server.sql.query(`UPDATE items SET title = 'new' WHERE id = 2`)
  const { messages, headers } = await waiting
  expect(messages[0]).toMatchObject({
    key: '"public"."items"/"2"',
    value: { id: '2', title: 'new' },
    headers: { operation: 'update', relation: ['public', 'items'], op_position: 0, last: true },
  })
  expect(headers.get('electric-cursor')).not.toBeNull()
  expect(messages.at(-1)?.headers).toMatchObject({ control: 'up-to-date' })
})

test('a where clause with params lets rows in and out', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(
    `CREATE TABLE songs (id uuid PRIMARY KEY, band_id uuid NOT NULL, title text, deleted_at timestamptz)`,
  )
  const band = '11111111-1111-4111-8111-111111111111'
  const other = '22222222-2222-4222-8222-222222222222'
  await server.sql.query(
    `INSERT INTO songs SELECT gen_random_uuid(), CASE WHEN i % 2 = 0 THEN $1::uuid ELSE $2::uuid END, 't' || i FROM generate_series(1, 10) i`,
    [band, other],
  )
  const where = { table: 'songs', where: 'band_id = $1 AND deleted_at IS NULL', 'params[1]': band }
  const reader = await follow(server, where)
  expect(rowsOf(reader.messages)).toHaveLength(5)
  const outgoing = reader.live()
  await server.sql.query(`UPDATE songs SET deleted_at = now() WHERE title = 't2'`)
  expect((await outgoing).messages[0]?.headers).toMatchObject({ operation: 'delete' })
  const incoming = reader.live()
  await server.sql.query(`UPDATE songs SET band_id = $1 WHERE title = 't3'`, [band])
  const moved = (await incoming).messages[0]
  expect(moved?.headers).toMatchObject({ operation: 'insert' })
  expect(moved?.value).toMatchObject({ title: 't3', band_id: band, deleted_at: null })
})

test('replica=full sends whole rows and what was there before', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(`CREATE TABLE t (id int PRIMARY KEY, a text, b text); INSERT INTO t VALUES (1, 'x', 'y')`)
  const reader = await follow(server, { table: 't', replica: 'full', columns: 'id,a' })
  const waiting = reader.live()
  await server.sql.query(`UPDATE t SET b = 'unseen'`)
  await server.sql.query(`UPDATE t SET a = 'z'`)
  expect((await waiting).messages[0]).toMatchObject({ value: { id: '1', a: 'z' }, old_value: { a: 'x' } })
})

test('offset=now and log=changes_only start without rows', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(`CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')`)
  const now = await server.shape({ table: 't', offset: 'now', log: 'changes_only' })
  expect(now.headers.get('electric-offset')).toBe('0_inf')
  expect(now.headers.get('electric-has-data')).toBe('false')
  expect(await read(now)).toHaveLength(1)
  const reader = await follow(server, { table: 't', log: 'changes_only' })
  expect(rowsOf(reader.messages)).toHaveLength(0)
  const waiting = reader.live()
  await server.sql.query(`UPDATE t SET a = 'y'`)
  expect((await waiting).messages[0]).toMatchObject({ value: { id: '1', a: 'y' }, headers: { operation: 'update' } })
})

test('a handle that is not known answers 409 with the handle to use', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(`CREATE TABLE t (id int PRIMARY KEY)`)
  const response = await server.shape({ table: 't', offset: '0_inf', handle: '1-2' })
  expect(response.status).toBe(409)
  expect(await response.json()).toEqual([{ headers: { control: 'must-refetch' } }])
  const handle = response.headers.get('electric-handle')
  const next = await server.shape({ table: 't', offset: '-1' })
  expect(next.headers.get('electric-handle')).toBe(handle)
})

test('TRUNCATE ends the shape for readers that wait', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(`CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)`)
  const reader = await follow(server, { table: 't' })
  const waiting = reader.live()
  await server.sql.query(`TRUNCATE t`)
  expect((await waiting).status).toBe(409)
  const again = await follow(server, { table: 't' })
  expect(again.handle).not.toBe(reader.handle)
  expect(rowsOf(again.messages)).toHaveLength(0)
})

test('handles and offsets go on after a restart, and what was written meanwhile arrives', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(`CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'x')`)
  const reader = await follow(server, { table: 't' })
  const waiting = reader.live()
  await server.sql.query(`INSERT INTO t VALUES (2, 'before')`)
  await waiting
  await server.restart()
  await server.sql.query(`INSERT INTO t VALUES (3, 'after')`)
  expect((await reader.live()).messages[0]?.value).toEqual({ id: '3', a: 'after' })
  const fresh = await follow(server, { table: 't' })
  expect(fresh.handle).toBe(reader.handle)
  expect(rowsOf(fresh.messages).map((message) => message.value?.['id'])).toEqual(['1', '2', '3'])
})

test('a role that owns nothing serves a publication that the migrations own', async () => {
  await using db = await testDatabase({ migrated: true })
  // Slots belong to the cluster: a stream id of its own keeps this database apart from the others.
  await run(
    db.superuserUrl,
    `ALTER PUBLICATION electric_publication_default RENAME TO electric_publication_${db.streamId}`,
  )
  await using server = await testShapeServer(db.superuserUrl, {
    DATABASE_URL: db.electricUrl,
    ELECTRIC_MANUAL_TABLE_PUBLISHING: 'true',
    ELECTRIC_REPLICATION_STREAM_ID: db.streamId,
  })
  const reader = await follow(server, { table: 'songs', where: `band_id = '11111111-1111-4111-8111-111111111111'` })
  expect(rowsOf(reader.messages)).toHaveLength(0)
  await server.sql.query(
    'CREATE TABLE unpublished (id int PRIMARY KEY); GRANT SELECT ON unpublished TO backline_electric',
  )
  const refused = await server.shape({ table: 'unpublished', offset: '-1' })
  expect(refused.status).toBe(503)
  expect(await refused.json()).toMatchObject({
    message: expect.stringContaining('is missing from the publication') as string,
  })
})

test('another primary key ends the shapes whose rows were told apart by the one before', async () => {
  await using db = await testDatabase()
  await using server = await testShapeServer(db.superuserUrl)
  await server.sql.query(
    'CREATE TABLE rekeyed (id int PRIMARY KEY, place int NOT NULL); INSERT INTO rekeyed VALUES (1, 1)',
  )
  const reader = await follow(server, { table: 'rekeyed' })
  await server.sql.query('ALTER TABLE rekeyed DROP CONSTRAINT rekeyed_pkey, ADD PRIMARY KEY (place)')
  await server.sql.query('INSERT INTO rekeyed VALUES (1, 2)')
  await eventually(async () => {
    const { handle, offset } = reader
    expect((await server.shape({ table: 'rekeyed', handle, offset })).status).toBe(409)
  })
  const fresh = await follow(server, { table: 'rekeyed' })
  expect(fresh.messages.flatMap(({ key }) => key ?? [])).toEqual(['"public"."rekeyed"/"1"', '"public"."rekeyed"/"2"'])
})
