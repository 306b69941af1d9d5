import 'client-only'
import type { Fault } from './fault'

const ENGINE = 'lib/sync/engine/engine.test.ts'
const CONNECTION = 'lib/sync/connection/connection-state.test.ts'
const STATUS = 'lib/sync/status.test.ts'
const BUDGET = 'lib/sync/cache/budget.test.ts'

export const VIEW_FAULTS: readonly Fault[] = [
  {
    id: 'C1',
    file: 'lib/sync/connection/connection-state.ts',
    line: "if (state.kind === 'signed-out' && event.kind !== 'signed-in') return state",
    fault: '',
    test: CONNECTION,
  },
  {
    id: 'C2',
    file: 'lib/sync/connection/connection-state.ts',
    line: "if (isServerReached || state.kind === 'live') return state",
    fault: 'if (isServerReached) return state',
    test: CONNECTION,
  },
  {
    id: 'C3',
    file: 'lib/sync/connection/connection-state.ts',
    line: "if (isServerReached) return turned({ ...state, areReadsDelayed: true }, 'polling', now)",
    fault: '',
    test: CONNECTION,
  },
  {
    id: 'C4',
    file: 'lib/sync/engine/engine.ts',
    line: "      case 'visible':\n      case 'online':\n        return this.wake()",
    fault: "      case 'online':\n        return\n      case 'visible':\n        return this.wake()",
    test: ENGINE,
  },
  {
    id: 'C5',
    file: 'lib/sync/connection/connection-state.ts',
    line: 'return state.kind === kind ? state : { ...state, kind, since: now }',
    fault: 'return { ...state, kind, since: now }',
    test: CONNECTION,
  },
  {
    id: 'C6',
    file: 'lib/sync/connection/stuck.ts',
    line: 'if (!oldest || now - oldest.at < STUCK_AFTER_MS) return null',
    fault: 'if (!oldest) return null',
    test: CONNECTION,
  },
  {
    id: 'R1',
    file: 'lib/sync/status.ts',
    line: "if (entries.some((entry) => isInError(entry, isConnected))) return 'error'",
    fault: "if (entries.every((entry) => isInError(entry, isConnected))) return 'error'",
    test: STATUS,
  },
  {
    id: 'R2',
    file: 'lib/sync/status.ts',
    line: 'return isConnected && phase.failure !== null',
    fault: 'return phase.failure !== null',
    test: STATUS,
  },
  {
    id: 'R3',
    file: 'lib/sync/status.ts',
    line: '|| versionOf(row) <= reader.readVersion) return false',
    fault: '|| versionOf(row) < reader.readVersion) return false',
    test: STATUS,
  },
  {
    id: 'B1',
    file: 'lib/sync/cache/budget.ts',
    line: 'shapes.toSorted((a, b) => a.usedAt - b.usedAt)',
    fault: 'shapes.toSorted((a, b) => b.usedAt - a.usedAt)',
    test: BUDGET,
  },
  {
    id: 'B2',
    file: 'lib/sync/cache/budget.ts',
    line: '(bytes <= bytesMax && now - shape.usedAt < UNUSED_MS_MAX)',
    fault: 'bytes <= bytesMax',
    test: BUDGET,
  },
  {
    id: 'B3',
    file: 'lib/sync/cache/budget.ts',
    line: 'const WARN_SHARE = 0.8',
    fault: 'const WARN_SHARE = 0.9',
    test: BUDGET,
  },
  {
    id: 'B4',
    file: 'lib/sync/engine/engine.ts',
    line: "else outbox.durability = 'nowhere'",
    fault: 'else outbox.durability',
    test: ENGINE,
  },
  {
    id: 'B5',
    file: 'lib/sync/engine/housekeeping.ts',
    line: 'near.has(id) || ',
    fault: '',
    test: 'lib/sync/engine/storage.test.ts',
  },
  {
    id: 'P1',
    file: 'lib/sync/engine/plan.ts',
    line: '(viewer.bands.has(scope) || viewer.projects.has(scope)) && mayRead(entity, scope, viewer)',
    fault: 'viewer.bands.has(scope) || mayRead(entity, scope, viewer) || scope.length > 0',
    test: 'lib/sync/engine/plan.test.ts',
  },
  {
    id: 'P2',
    file: 'lib/sync/engine/plan.ts',
    line: 'if (!memberships.isKnown) return false',
    fault: 'if (!memberships.isKnown) return true',
    test: 'lib/sync/engine/plan.test.ts',
  },
  {
    id: 'P3',
    file: 'lib/sync/engine/office.ts',
    line: 'if (core.memberships.isFresh && !this.#isClosed) await store.dropShapes(lost)',
    fault: 'if (core.memberships.isFresh && this.#isClosed) await store.dropShapes(lost)',
    test: ENGINE,
  },
]
