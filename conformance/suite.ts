import { httpPromises } from './http-rules'
import { livePromises } from './live'
import { snapshotAndLogPromises } from './snapshot-and-log'
import { subsetPromises } from './subsets'
import type { Target } from './target'
import { valuePromises } from './values'

/** Every promise of shape-server/PROTOCOL.md that can be seen over HTTP, one test each, for any server that speaks the protocol. */
export function conformance(target: () => Target): void {
  snapshotAndLogPromises(target)
  livePromises(target)
  httpPromises(target)
  valuePromises(target)
  subsetPromises(target)
}
