import 'client-only'

/**
 * The sync layer: the only way in which the app reads and writes live rows. What not every page needs has a door of its own:
 * `react/history` and `react/presence`.
 */
export { createSync, type SyncOptions } from './create-sync'
export type { HistoryPage, Source, Sync } from './sync'
export { useSync } from './react/context'
export { SyncProvider, type SyncProviderProps } from './react/provider'
export { useRow, useRows, useRowStatus, type Query, type Rows } from './react/rows'
export {
  useConflicts,
  useConnection,
  useMarkRead,
  useOpenScope,
  useOutbox,
  type Conflicts,
  type Outbox,
} from './react/state'
export { useWrite, type Writer } from './react/write'
export type { WriteOptions } from './react/write-observer'
export { questionFrom } from './conflicts'
export {
  WriteRefused,
  type ConnectionKind,
  type ConnectionView,
  type Decision,
  type Intent,
  type MadeWrite,
  type OutboxItem,
  type Question,
  type RowStatus,
  type Settled,
  type ShapeName,
  type ShapeStatus,
  type ShapeView,
  type Stuck,
  type SyncEvent,
} from './types'
