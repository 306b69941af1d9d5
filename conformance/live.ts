import { expect, test } from 'vitest'
import { Subject } from './target'
import type { Target } from './target'

/** Long polls and event streams. */
export function livePromises(target: () => Target): void {
  test('PL1 a poll is held until a transaction commits', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const waiting = reader.live()
    await subject.sql(`BEGIN; INSERT INTO ${table} VALUES (1); INSERT INTO ${table} VALUES (2); COMMIT`)
    const { messages, response } = await waiting
    expect(messages.map((message) => message.value?.['id'])).toEqual(['1', '2', undefined])
    expect(response.headers.get('electric-has-data')).toBe('true')
    expect(messages.at(-1)?.headers).toEqual({
      control: 'up-to-date',
      global_last_seen_lsn: messages[0]?.headers['lsn'],
    })
  })

  test('PL2 a poll without news ends up to date, at the same offset, and with an etag of its own', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const before = reader.offset
    const { response, messages } = await reader.poll()
    expect(messages).toHaveLength(1)
    expect(reader.offset).toBe(before)
    expect(response.headers.get('electric-has-data')).toBe('false')
    expect(response.headers.get('etag')).toMatch(new RegExp(`^"${reader.handle}:${before}:${before}:\\d+"$`))
  })

  test('PL3 the cursor never is the one the client has', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    await subject.sql(`INSERT INTO ${table} VALUES (1)`)
    const query = reader.next({ live: 'true' })
    const first = (await subject.shape(query)).headers.get('electric-cursor') ?? ''
    const second = (await subject.shape({ ...query, cursor: first })).headers.get('electric-cursor') ?? ''
    expect(Number(second)).toBeGreaterThan(Number(first))
  })

  test('PL4 an offset beyond the log is held, and then refused', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const response = await subject.shape({ ...reader.next(), offset: '9223372036854775807_0' })
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({
      message: 'Invalid request',
      errors: { offset: ['out of bounds for this shape'] },
    })
  })

  test('PE1 an event stream sends each change and then up-to-date, one message per event', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY, a text')
    const reader = await subject.follow({ table })
    const stop = new AbortController()
    const response = await subject.shape(reader.next({ live: 'true', live_sse: 'true' }), { signal: stop.signal })
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(response.headers.get('cache-control')).toMatch(/^public, max-age=\d+$/)
    expect(response.headers.get('electric-cursor')).toMatch(/^\d+$/)
    const events = readEvents(response)
    await subject.sql(`BEGIN; INSERT INTO ${table} VALUES (1, 'a,\nb'); INSERT INTO ${table} VALUES (2, 'c'); COMMIT`)
    expect((await events.next()).value).toMatchObject({ value: { id: '1', a: 'a,\nb' } })
    expect((await events.next()).value).toMatchObject({ value: { id: '2' }, headers: { last: true } })
    expect((await events.next()).value).toMatchObject({ headers: { control: 'up-to-date' } })
    await subject.sql(`DELETE FROM ${table} WHERE id = 1`)
    expect((await events.next()).value).toMatchObject({ headers: { operation: 'delete' } })
    stop.abort()
  })

  test('PE2 an event stream with data to send ends after it', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const other = await subject.follow({ table })
    await subject.sql(`BEGIN; INSERT INTO ${table} VALUES (1); INSERT INTO ${table} VALUES (2); COMMIT`)
    await other.live()
    const tx = other.offset.split('_')[0] ?? ''
    const whole = await subject.shape(reader.next({ live: 'true', live_sse: 'true' }))
    expect((await whole.text()).match(/^data: /gm)).toHaveLength(3)
    expect(whole.headers.get('electric-has-data')).toBe('true')
    // A client knows only the LSN of the last batch: it asks from the first change of that transaction.
    const stop = new AbortController()
    const rest = await subject.shape(
      { ...reader.next({ live: 'true', live_sse: 'true' }), offset: `${tx}_0` },
      { signal: stop.signal },
    )
    const events = readEvents(rest)
    expect((await events.next()).value).toMatchObject({ value: { id: '2' }, headers: { op_position: 2 } })
    expect((await events.next()).value).toMatchObject({ headers: { control: 'up-to-date' } })
    stop.abort()
  })

  test('PE3 an event stream ends when its shape does', async () => {
    await using subject = new Subject(target())
    const table = await subject.table('id int PRIMARY KEY')
    const reader = await subject.follow({ table })
    const response = await subject.shape(reader.next({ live: 'true', live_sse: 'true' }))
    await subject.sql(`TRUNCATE ${table}`)
    expect(await response.text()).toBe('')
  })
}

async function* readEvents(response: Response): AsyncGenerator<unknown, undefined> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const piece of response.body ?? []) {
    text += decoder.decode(piece, { stream: true })
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end === -1) break
      const event = text.slice(0, end)
      text = text.slice(end + 2)
      if (event.startsWith('data: ')) yield JSON.parse(event.slice(6))
    }
  }
  return undefined
}
