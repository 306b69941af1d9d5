import 'client-only'
import type { Fault } from './fault'

const OVERLAY = 'lib/sync/overlay/overlay.test.ts'

export const OVERLAY_FAULTS: readonly Fault[] = [
  {
    id: 'V1',
    file: 'lib/sync/outbox/entry.ts',
    line: "return entry.phase.kind !== 'refused' && entry.phase.kind !== 'held'",
    fault: "return entry.phase.kind !== 'held'",
    test: OVERLAY,
  },
  {
    id: 'V2',
    file: 'lib/sync/overlay/confirm.ts',
    line: 'if (isVersioned(entity)) return versionOf(row) >= version',
    fault: 'if (isVersioned(entity)) return versionOf(row) >= version - 1',
    test: OVERLAY,
  },
  {
    id: 'V3',
    file: 'lib/sync/overlay/overlay.ts',
    line: 'return { ...row, version: phase.version }',
    fault: 'return row',
    test: OVERLAY,
  },
  {
    id: 'V4',
    file: 'lib/sync/overlay/overlay.ts',
    line: 'if (!standing.includes(field)) changes[field] = yours',
    fault: 'if (!standing.includes(field)) delete changes[field]',
    test: OVERLAY,
  },
  {
    id: 'V5',
    file: 'lib/sync/overlay/overlay.ts',
    line: 'const row = isSame ? known.row : overlayRow(target, under, writes, author)',
    fault: 'const row = isSame && !known.row ? known.row : overlayRow(target, base, writes, author)',
    test: OVERLAY,
  },
  {
    id: 'V6',
    file: 'lib/sync/shapes/snapshot.ts',
    line: 'return Number(BigInt(txid) & 0xffff_ffffn)',
    fault: 'return Number(BigInt(txid))',
    test: OVERLAY,
  },
  {
    id: 'V7',
    file: 'lib/sync/engine/echoes.ts',
    line: "if (row === null && state.kind === 'loading') {",
    fault: "if (row === null && state.kind === 'cold') {",
    test: 'lib/sync/engine/echoes.test.ts',
  },
  {
    id: 'V8',
    file: 'lib/sync/overlay/overlay.ts',
    line: 'if (row) return patched(entity, row, write.values, {}, entry, author)',
    fault: 'if (row) return row',
    test: OVERLAY,
  },
  {
    id: 'V9',
    file: 'lib/sync/overlay/overlay.ts',
    line: 'for (const each of [entry, ...alsoEntries(entry, author)]) {',
    fault: 'for (const each of [entry, ...alsoEntries(entry, author).slice(1)]) {',
    test: OVERLAY,
  },
]
