import 'client-only'
import type { Fault } from './fault'

const OUTBOX = 'lib/sync/outbox/outbox-state.test.ts'
const PLACE = 'lib/sync/outbox/place.test.ts'
const STORE = 'lib/sync/cache/local-store.test.ts'

export const OUTBOX_FAULTS: readonly Fault[] = [
  {
    id: 'O1',
    file: 'lib/sync/outbox/due.ts',
    line: 'const stored = unstored === -1 ? open : open.slice(0, unstored)',
    fault: 'const stored = open',
    test: OUTBOX,
  },
  {
    id: 'O2',
    file: 'lib/sync/outbox/outbox-state.ts',
    line: 'return entries.toSorted((a, b) => a.seq - b.seq)',
    fault: 'return entries',
    test: OUTBOX,
  },
  {
    id: 'O3',
    file: 'lib/sync/outbox/place.ts',
    line: "if (phase.kind !== 'storing' && !(phase.kind === 'queued' && phase.attempts === 0)) return false",
    fault: "if (phase.kind === 'saved') return false",
    test: PLACE,
  },
  {
    id: 'O4',
    file: 'lib/sync/outbox/due.ts',
    line: 'const open = state.entries.filter(isUnsent)\n  const unstored',
    fault: "const open = state.entries.filter(({ phase }) => phase.kind === 'queued')\n  const unstored",
    test: OUTBOX,
  },
  {
    id: 'O5',
    file: 'lib/sync/outbox/answer.ts',
    line: 'if (!error) return notOurs()',
    fault: "if (!error) return { kind: 'unacceptable', reason: { code: 'invalid', message: '', issues: [] } }",
    test: OUTBOX,
  },
  {
    id: 'O6',
    file: 'lib/sync/outbox/answered.ts',
    line: "return result.code === 'blocked' ? phase : { kind: 'refused', reason: reasonOf(result) }",
    fault: "return { kind: 'saved', txid: null, version: null, standing: [] }",
    test: OUTBOX,
  },
  {
    id: 'O7',
    file: 'lib/sync/outbox/rebase.ts',
    line: 'makesRow(refused) ? [refused.write.key] : []',
    fault: 'makesRow(refused) ? [] : []',
    test: OUTBOX,
  },
  {
    id: 'O8',
    file: 'lib/sync/outbox/rebase.ts',
    line: 'base[field] = before',
    fault: 'base[field] = refusedValue',
    test: OUTBOX,
  },
  {
    id: 'O9',
    file: 'lib/sync/outbox/backoff.ts',
    line: 'return Math.max(retryAfterMs, full * (0.5 + random / 2))',
    fault: 'return full * (0.5 + random / 2)',
    test: OUTBOX,
  },
  {
    id: 'O10',
    file: 'lib/sync/outbox/place.ts',
    line: 'if (earlier.write.entity !== later.write.entity || earlier.write.key !== later.write.key) return false',
    fault: 'if (earlier.write.entity !== later.write.entity) return false',
    test: PLACE,
  },
  {
    id: 'O11',
    file: 'lib/sync/outbox/place.ts',
    line: 'const HOLD_MAX_MS = 1_000',
    fault: 'const HOLD_MAX_MS = 60_000',
    test: PLACE,
  },
  {
    id: 'O12',
    file: 'lib/sync/outbox/decisions.ts',
    line: "if (!root || root.phase.kind === 'sent' || root.phase.kind === 'saved') return state",
    fault: "if (!root || root.phase.kind === 'saved') return state",
    test: OUTBOX,
  },
  {
    id: 'O13',
    file: 'lib/sync/outbox/answered.ts',
    line: 'if (ids.length > 1) return',
    fault: 'if (ids.length > 2) return',
    test: OUTBOX,
  },
  {
    id: 'O14',
    file: 'lib/sync/outbox/due.ts',
    line: "if (state.sender.kind === 'sending' || state.sender.kind === 'signed-out') return { kind: 'nothing' }",
    fault: "if (state.sender.kind === 'sending') return { kind: 'nothing' }",
    test: OUTBOX,
  },
  {
    id: 'O15',
    file: 'lib/sync/outbox/due.ts',
    line: 'entry.schema !== batch[0]?.schema',
    fault: 'entry.schema === null',
    test: OUTBOX,
  },
  {
    id: 'O16',
    file: 'lib/sync/cache/indexeddb.ts',
    line: "const tx = this.db.transaction(['shapes', 'segments'], 'readwrite')\n    void tx.objectStore('shapes').clear()",
    fault:
      "const tx = this.db.transaction(['shapes', 'segments', 'outbox'], 'readwrite')\n    void tx.objectStore('outbox').clear()\n    void tx.objectStore('shapes').clear()",
    test: STORE,
  },
  {
    id: 'O17',
    file: 'lib/sync/outbox/answered.ts',
    line: "? { ...entry, phase: { kind: 'sent', attempts: entry.phase.attempts + 1, failure } }",
    fault:
      "? { ...entry, write: { ...entry.write, id: entry.write.id.replace(/^./, 'f') }, phase: { kind: 'sent', attempts: entry.phase.attempts + 1, failure } }",
    test: 'lib/sync/engine/engine.test.ts',
  },
  {
    id: 'O18',
    file: 'lib/sync/outbox/sender.ts',
    line: 'return marked ?? (entry.isUnstored ? [asSent(entry)] : [])',
    fault: 'return marked ?? []',
    test: 'lib/sync/engine/storage.test.ts',
  },
]
