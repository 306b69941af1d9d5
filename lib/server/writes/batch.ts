import 'server-only'
import { sql } from 'drizzle-orm'
import type { Transaction } from '@/db/client'
import { kept } from '@/db/kept-statements'
import type { Viewer } from '@/lib/entity/viewer'
import type { JsonRow } from '@/lib/protocol/json'
import type { WriteResult } from '@/lib/protocol/writes'
import { storedViewer, viewerOf, type SessionClaim, type ViewerRow } from '../stored-viewer'
import { readViewer } from '../viewer'
import { applyOps, type AppliedOp } from './apply'
import { nameAuthors } from './authors'
import { loadState, type Loaded } from './load'
import { invalid, type Rejection, type WriteAnswer } from './outcome'
import { planWrite } from './plan'
import type { Decision, PlanningViewer, RowOp, Subject } from './plan-state'
import { DELETED_FIELD } from './questions'
import type { Received, Write } from './received'
import { record, type LoggedWrite, type Settled } from './record'
import type { RejectedWrites } from './rejected'
import { rowId } from './row-id'
import { changesMemberships, isMembership, membershipOf, segmentsOf } from './segments'
import { lockMemberships, membershipsOf, uuids } from './statements'

/** For whom and from where writes come. */
export interface Sender {
  session: SessionClaim
  clientId: string | null
}

/** The session ended, or the account was closed. */
export class SignedOut extends Error {
  override name = 'SignedOut'
}

/**
 * Carries out writes in one transaction, which the caller opened and commits: one answer for each, in their order. `rejected` takes in
 * what these writes add to it. Throws when a statement fails; then nothing may be kept.
 */
export async function runBatch(
  tx: Transaction,
  sender: Sender,
  items: readonly Received[],
  rejected: RejectedWrites,
): Promise<WriteAnswer[]> {
  const { session, clientId } = sender
  const { txid, replays, viewer: known } = await begin(tx, sender, items)
  await lockForMembershipChanges(tx, items)
  let viewer = known ?? (await planningViewer(tx, session))
  const answers = new Answers(replays, rejected, txid)
  for (const segment of segmentsOf(items)) {
    const writes = segment.flatMap((item) => (answers.needsPlan(item) ? [item.write] : []))
    const loaded = await loadState(tx, viewer, writes, rejected)
    await answers.decide(tx, segment, loaded)
    if (writes.some(changesMemberships)) viewer = await planningViewer(tx, session)
  }
  await record(tx, session.user_id, clientId, answers.logged, answers.settled)
  return items.map((item) => answers.of(item))
}

function changesMembershipsOf(item: Received): boolean {
  return item.kind === 'understood' && changesMemberships(item.write)
}

type Begun = { txid: string; replays: Map<string, Replay>; viewer: PlanningViewer | null }

/** Says for whom the transaction acts, and reads what was answered before and, unless memberships will change, the viewer. */
async function begin(tx: Transaction, { session, clientId }: Sender, items: readonly Received[]): Promise<Begun> {
  const ids = items.flatMap((item) => item.writeId ?? [])
  const readsViewer = !items.some(changesMembershipsOf)
  const { rows } = await tx.execute<{ txid: string; viewer: ViewerRow | null; replays: ReplayRow[] }>(
    sql`${kept}SELECT txid, viewer, replays FROM app.begin_writes(${session.user_id}::uuid, ${clientId}::uuid, ${uuids(ids)}, ${readsViewer})`,
  )
  const [begun] = rows
  if (!begun) throw new Error('the transaction did not begin')
  const replays = new Map(begun.replays.map(({ id, hash, result }) => [id, { hash, result }]))
  const stored = begun.viewer ? storedViewer(begun.viewer) : undefined
  const viewer = readsViewer ? forPlanning(viewerOf(stored, session)) : null
  return { txid: begun.txid, replays, viewer }
}

/** Memberships that will change are locked before the viewer's own are read, so that two owners who remove each other take turns. */
async function lockForMembershipChanges(tx: Transaction, items: readonly Received[]): Promise<void> {
  const keysByEntity = new Map<Write['entity'], { members: string[]; containers: string[] }>()
  for (const item of items) {
    if (item.kind !== 'understood' || !changesMemberships(item.write)) continue
    const { entity, key, op } = item.write
    const membership = isMembership(entity) ? entity : membershipOf(entity)
    const keys = keysByEntity.get(membership) ?? { members: [], containers: [] }
    if (entity === membership && op !== 'insert') keys.members.push(key)
    if (entity !== membership) keys.containers.push(key)
    keysByEntity.set(membership, keys)
  }
  for (const [membership, { members, containers }] of keysByEntity) {
    const all = containers.length > 0 ? await membershipsOf(tx, membership, containers) : []
    await lockMemberships(tx, membership, [...members, ...all])
  }
}

async function planningViewer(tx: Transaction, session: SessionClaim): Promise<PlanningViewer> {
  return forPlanning(await readViewer(tx, session, { forShare: true }))
}

function forPlanning(viewer: Viewer | null): PlanningViewer {
  if (!viewer) throw new SignedOut()
  return { user_id: viewer.user_id, bands: new Map(viewer.bands), projects: new Map(viewer.projects) }
}

interface Replay {
  hash: string
  result: Settled['result']
}
type ReplayRow = Replay & { id: string }

type Answered = Exclude<Decision, Rejection>

/** The answers of one batch: replays at once, decisions when their operations are carried out. */
class Answers {
  readonly logged: LoggedWrite[] = []
  readonly settled: Settled[] = []
  readonly #answers = new Map<Received, WriteAnswer>()
  /** Writes settled in this batch or before it, by write id. */
  readonly #replays: Map<string, Replay>
  readonly #rejected: RejectedWrites
  readonly #txid: string

  constructor(replays: Map<string, Replay>, rejected: RejectedWrites, txid: string) {
    this.#replays = replays
    this.#rejected = rejected
    this.#txid = txid
  }

  /** Whether a write is new and makes sense, so that it must be decided. */
  needsPlan(item: Received): item is Extract<Received, { kind: 'understood' }> {
    return item.kind === 'understood' && !this.#replays.has(item.write.id)
  }

  /** Decides the writes of a segment in their order and carries them out. */
  async decide(tx: Transaction, segment: readonly Received[], { state, stored, writes }: Loaded): Promise<void> {
    const asRead = new Map(stored)
    const planned = new Map<Received, Answered>()
    const firstOf = new Map<string, Received>()
    const repeats: [repeat: Received, first: Received][] = []
    for (const item of segment) {
      const first = item.writeId === null ? undefined : firstOf.get(item.writeId)
      if (first) {
        if (first.hash === item.hash) repeats.push([item, first])
        else this.#reject(item, otherContent())
        continue
      }
      const replay = item.writeId === null ? undefined : this.#replays.get(item.writeId)
      if (replay) {
        if (replay.hash === item.hash) this.#answer(item, asFirstSaid(item, replay.result))
        else this.#reject(item, otherContent())
        continue
      }
      if (item.kind === 'malformed') {
        this.#reject(item, item.rejection)
        continue
      }
      const decision = planWrite(state, writes.get(item.write) ?? item.write)
      if (decision.kind === 'rejected') {
        this.#answer(item, rejectedResult(item.id, decision))
      } else {
        planned.set(item, decision)
        firstOf.set(item.write.id, item)
      }
    }
    await nameAuthors(tx, state.asked)
    const applied = await applyOps(tx, state.ops, stored)
    for (const [item, decision] of planned) this.#settle(item, decision, applied, asRead)
    for (const [repeat, first] of repeats) {
      const { result, row } = this.of(first)
      this.#answer(repeat, { ...result, id: repeat.id }, row)
    }
  }

  of(item: Received): WriteAnswer {
    const answer = this.#answers.get(item)
    if (!answer) throw new Error('a write was left without an answer')
    return answer
  }

  #answer(item: Received, result: WriteResult, row: JsonRow | null = null): void {
    this.#answers.set(item, { result, row })
  }

  #reject(item: Received, rejection: Rejection): void {
    const meant = item.kind === 'malformed' ? item.meant : { ...item.write, fields: touched(item.write) }
    if (meant) this.#rejected.add(meant)
    this.#answer(item, rejectedResult(item.id, rejection))
  }

  #settle(
    item: Received,
    decision: Answered,
    applied: ReadonlyMap<RowOp, AppliedOp>,
    asRead: ReadonlyMap<string, JsonRow>,
  ): void {
    const current = rowAfter(decision.subject, applied, asRead)
    const version = typeof current['version'] === 'number' ? current['version'] : 1
    const { id } = item
    const result: Settled['result'] =
      decision.kind === 'conflict'
        ? { id, status: 'conflict', txid: this.#txid, version, current, fields: decision.clashes }
        : { id, status: 'applied', txid: decision.isChange ? this.#txid : null, version }
    this.#answer(item, result, current)
    if (item.kind !== 'understood') return
    const writeId = item.write.id
    this.settled.push({ writeId, hash: item.hash, result })
    this.#replays.set(writeId, { hash: item.hash, result })
    const op = decision.logged && applied.get(decision.logged.rowOp)
    if (decision.logged && op) this.logged.push({ writeId, change: decision.logged, applied: op })
  }
}

/** A stored answer, its members in the order in which they were first sent: jsonb keeps an order of its own. */
function asFirstSaid(item: Received, result: Settled['result']): WriteResult {
  const { id } = item
  const { status, txid, version } = result
  if (status === 'applied') return { id, status, txid, version }
  const entity = item.kind === 'understood' ? item.write.entity : item.meant?.entity
  const inOrder = (value: JsonRow) => inColumnOrder(entity?.columns ?? [], value)
  const fields = result.fields.map(({ field, base, yours, theirs }) => {
    return { field, base, yours: field === DELETED_FIELD ? inOrder(yours as JsonRow) : yours, theirs }
  })
  return { id, status, txid, version, current: inOrder(result.current), fields }
}

function inColumnOrder(columns: readonly string[], row: JsonRow): JsonRow {
  const known = columns.flatMap((name) => (name in row ? [[name, row[name] ?? null] as const] : []))
  return { ...Object.fromEntries(known), ...row }
}

function touched(write: Write): string[] {
  return 'patch' in write ? Object.keys(write.patch) : []
}

function otherContent(): Rejection {
  return invalid('id: was used for another write')
}

function rejectedResult(id: string, { code, message, issues }: Rejection): WriteResult {
  return { id, status: 'rejected', code, message, issues }
}

function rowAfter(
  { entity, key, after }: Subject,
  applied: ReadonlyMap<RowOp, AppliedOp>,
  asRead: ReadonlyMap<string, JsonRow>,
): JsonRow {
  const row = after ? applied.get(after)?.after : asRead.get(rowId(entity, key))
  if (!row) throw new Error(`a row of ${entity.name} is missing after its write`)
  return row
}
