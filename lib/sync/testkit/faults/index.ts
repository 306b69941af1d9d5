import 'client-only'
import { SHAPE_FAULTS } from './shape-faults'
import { OUTBOX_FAULTS } from './outbox-faults'
import { OVERLAY_FAULTS } from './overlay-faults'
import { TAB_FAULTS } from './tab-faults'
import { VIEW_FAULTS } from './view-faults'
import { LIVE_FAULTS } from './live-faults'
import type { Fault } from './fault'

/** `npm run faults` plants each in a copy of the project and wants its test red. */
export const FAULTS: readonly Fault[] = [
  ...SHAPE_FAULTS,
  ...OUTBOX_FAULTS,
  ...OVERLAY_FAULTS,
  ...TAB_FAULTS,
  ...VIEW_FAULTS,
  ...LIVE_FAULTS,
]

export type { Fault }
