import 'client-only'
import type { Fault } from './fault'

const LEADER = 'lib/sync/tabs/leader-state.test.ts'
const TABS = 'lib/sync/engine/tabs.test.ts'

export const TAB_FAULTS: readonly Fault[] = [
  {
    id: 'T1',
    file: 'lib/sync/tabs/leader-state.ts',
    line: 'export const LEADER_SILENCE_MS = 1_000',
    fault: 'export const LEADER_SILENCE_MS = 60_000',
    test: LEADER,
  },
  {
    id: 'T2',
    file: 'lib/sync/tabs/leader-state.ts',
    line: "if (!isVisible) return { state: { kind: 'following', heardAt: now }, action: 'none' }",
    fault: '',
    test: LEADER,
  },
  {
    id: 'T3',
    file: 'lib/sync/tabs/leader-state.ts',
    line: "return state.kind === 'taking-office'\n        ?",
    fault: "return state.kind !== 'leading'\n        ?",
    test: LEADER,
  },
  {
    id: 'T4',
    file: 'lib/sync/tabs/leader-state.ts',
    line: "return { state: { kind: 'following', heardAt: now }, action: 'stop-leading' }",
    fault: "return { state: { kind: 'following', heardAt: now }, action: 'none' }",
    test: LEADER,
  },
  {
    id: 'T5',
    file: 'lib/sync/tabs/leader-state.ts',
    line: "return state.kind === 'leading' && !event.isVisible",
    fault: "return state.kind === 'leading'",
    test: LEADER,
  },
  {
    id: 'T6',
    file: 'lib/sync/engine/follower.ts',
    line: 'if (after) rows.set(key, after)',
    fault: 'if (after && rows.has(key)) rows.set(key, after)',
    test: TABS,
  },
  {
    id: 'T7',
    file: 'lib/sync/engine/engine.ts',
    line: 'await outbox.reload()\n    if (this.#tab.epoch',
    fault:
      "outbox.adopt({ kind: 'seen', puts: [], removed: outbox.state.entries.map(({ origin }) => origin) })\n    if (this.#tab.epoch",
    test: TABS,
  },
]
