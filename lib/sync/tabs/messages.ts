import 'client-only'
import * as z from 'zod/mini'
import { wholeNumber } from '@/lib/entity/fields'
import { readEntry, type OutboxEntry } from '../outbox/entry'
import { jsonRow, reason } from '../stored-json'

/** What tabs of one user tell each other. Every message names its sender's tab. */

const position = z.nullable(z.object({ handle: z.string(), offset: z.string() }))
const shapeKind = z.enum(['loading', 'stale', 'ready', 'refetching', 'refused'])
const from = z.string()

const tabMessage = z.union([
  /** A visible follower asks whether the leader lives. */
  z.object({ kind: z.literal('ping'), from }),
  z.object({ kind: z.literal('pong'), from, isVisible: z.boolean() }),
  /** A visible follower asks a hidden leader to hand over. */
  z.object({ kind: z.literal('yield'), from }),
  /** A tab leads from now on: who wants shapes says so again. */
  z.object({ kind: z.literal('leading'), from }),
  z.object({ kind: z.literal('gone'), from }),
  /** All shapes a tab wants live, the containers that are open in it, and shapes whose rows it did not find in the cache. */
  z.object({
    kind: z.literal('want'),
    from,
    shapes: z.array(z.string()),
    scopes: z.array(z.string()),
    // A tab of an older build does not say.
    lacking: z.optional(z.array(z.string())),
  }),
  z.object({ kind: z.literal('outbox'), from, puts: z.array(z.custom<unknown>()), removed: z.array(z.string()) }),
  /** Everything the leader's outbox holds: what a new tab read may be older. */
  z.object({ kind: z.literal('outbox-holds'), from, origins: z.array(z.string()) }),
  /** What the leader did to a shape. */
  z.object({
    kind: z.literal('shape'),
    from,
    shape: z.string(),
    seq: wholeNumber(),
    generation: wholeNumber(),
    state: shapeKind,
    position,
    failure: z.nullable(z.object({ code: z.literal('forbidden'), message: z.string() })),
    changes: z.array(z.object({ key: z.string(), after: z.nullable(jsonRow) })),
    /** What `changes` are: those since `seq` - 1, all rows of the shape, or none because the cache has them. */
    rows: z.enum(['changes', 'all', 'cached']),
    echoed: z.array(z.string()),
  }),
  z.object({
    kind: z.literal('connection'),
    from,
    connection: z.object({
      kind: z.enum(['connecting', 'live', 'polling', 'offline', 'signed-out']),
      since: z.number(),
      lastSyncedAt: z.nullable(z.number()),
      areReadsDelayed: z.boolean(),
    }),
    sender: z.union([
      z.object({ kind: z.enum(['idle', 'sending', 'signed-out']) }),
      z.object({ kind: z.literal('waiting'), retryAt: z.number(), reason }),
    ]),
  }),
  /** A page of older rows that a follower fetched, for the leader to keep. */
  z.object({
    kind: z.literal('history'),
    from,
    shape: z.string(),
    rows: z.array(jsonRow),
    group: z.nullable(z.object({ column: z.string(), value: z.string() })),
    isFirst: z.boolean(),
    dropsOlder: z.boolean(),
  }),
  z.object({ kind: z.literal('wake'), from }),
  z.object({ kind: z.literal('flush'), from }),
  z.object({ kind: z.literal('signed-out'), from }),
])

export type TabMessage = z.infer<typeof tabMessage>
export type ShapeMessageOfTab = Extract<TabMessage, { kind: 'shape' }>
/** A message before its sender's tab is named. */
export type Unsigned<M = TabMessage> = M extends TabMessage ? Omit<M, 'from'> : never

/** Reads what came over the channel; null for what another build or something else put there. */
export function readTabMessage(message: unknown): TabMessage | null {
  const read = tabMessage.safeParse(message)
  return read.success ? read.data : null
}

/** The entries of an outbox message. */
export function entriesIn(puts: readonly unknown[]): OutboxEntry[] {
  return puts.flatMap((put) => readEntry(put) ?? [])
}
