import { randomUUID } from 'node:crypto'
import { NIGHT_SHIFT, SAMPLE_USERS } from '@/db/sample-ids'
import type { Attack, Target } from './attack'
import { writes } from './attack'

/** Sarah's settled writes, sent again by others and with other content: nobody gets her answers, nothing happens twice. */
export async function replayCorpus(target: Target): Promise<Attack[]> {
  const settled = Array.from({ length: 5 }, (_, n) => ({
    id: randomUUID(),
    entity: 'songs',
    op: 'insert',
    key: randomUUID(),
    values: { band_id: NIGHT_SHIFT, title: `Settled ${n}` },
  }))
  const response = await fetch(`${target.url}/api/writes`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', cookie: await target.cookieOf(SAMPLE_USERS.sarah.id) },
    body: JSON.stringify({ writes: settled }),
  })
  if (!response.ok) throw new Error(`the writes to replay were refused: ${response.status}`)
  const others = ['alex', 'mia', 'olga'] as const
  return [
    ...others.flatMap((who) =>
      settled.map((write, n) => writes(who, 'replays', `write ${n} as ${who}`, [write], ['invalid', 'forbidden'])),
    ),
    ...settled.map((write, n) =>
      writes(
        'sarah',
        'replays',
        `other content under id ${n}`,
        [{ ...write, values: { ...write.values, title: 'Forged' } }],
        ['invalid'],
      ),
    ),
    ...settled.map((write, n) =>
      writes(
        'sarah',
        'replays',
        `a delete under id ${n}`,
        [{ id: write.id, entity: 'songs', op: 'delete', key: write.key }],
        ['invalid'],
      ),
    ),
  ]
}
