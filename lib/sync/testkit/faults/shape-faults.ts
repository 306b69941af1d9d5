import 'client-only'
import type { Fault } from './fault'

const SHAPES = 'lib/sync/store/shape-state.test.ts'
const STORE = 'lib/sync/cache/local-store.test.ts'
const ENGINE = 'lib/sync/engine/engine.test.ts'

export const SHAPE_FAULTS: readonly Fault[] = [
  {
    id: 'S1',
    file: 'lib/sync/store/shape-state.ts',
    line: 'versionOf(read.data) < versionOf(before)) return',
    fault: 'versionOf(read.data) < 0) return',
    test: SHAPES,
  },
  {
    id: 'S2',
    file: 'lib/sync/store/shape-state.ts',
    line: 'rows: state.rows, staged: work.rows }',
    fault: 'rows: work.rows, staged: work.rows }',
    test: SHAPES,
  },
  {
    id: 'S3',
    file: 'lib/sync/store/shape-state.ts',
    line: 'work.leftOut.push(leftOutRow(key, read.error.issues))',
    fault: 'throw read.error',
    test: SHAPES,
  },
  {
    id: 'S4',
    file: 'lib/sync/store/shape-state.ts',
    line: 'compareOffsets(position.offset, at.offset) < 0',
    fault: 'compareOffsets(position.offset, at.offset) > 1',
    test: SHAPES,
  },
  {
    id: 'S5',
    file: 'lib/sync/store/shape-state.ts',
    line: "if (state.kind !== 'refused') return unchanged(state)",
    fault: "if (state.kind !== 'ready') return unchanged(state)",
    test: SHAPES,
  },
  {
    id: 'S6',
    file: 'lib/sync/cache/indexeddb.ts',
    line: "for (const seq of echoed) void tx.objectStore('outbox').delete(seq)",
    fault: 'for (const seq of echoed) void seq',
    test: STORE,
  },
  {
    id: 'S7',
    file: 'lib/sync/cache/indexeddb.ts',
    line: 'if (((await stored) ?? 0) === epoch) return',
    fault: 'if ((await stored) !== null) return',
    test: STORE,
  },
  {
    id: 'S8',
    file: 'lib/sync/cache/indexeddb.ts',
    line: 'return meta?.schema === SCHEMA_VERSION ?',
    fault: 'return meta ?',
    test: STORE,
  },
  {
    id: 'S9',
    file: 'lib/sync/store/history-rows.ts',
    line: '|| hasGap ||',
    fault: '||',
    test: SHAPES,
  },
  {
    id: 'S11',
    file: 'lib/sync/cache/indexeddb.ts',
    line: 'if (baseSeq !== 0 && known?.seq !== baseSeq)',
    fault: 'if (baseSeq !== 0 && known === null)',
    test: STORE,
  },
  {
    id: 'S10',
    file: 'lib/sync/engine/leader.ts',
    line: 'if (!isWhole && !isPiecewise) return',
    fault: 'if (!isWhole && !isPiecewise && messages.length === 0) return',
    test: ENGINE,
  },
]
