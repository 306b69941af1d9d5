import 'client-only'
import type { ShapeId } from '../shapes/shape-name'
import { positionOf, rowsOf } from '../store/known-shape'
import type { ShapeHolder } from '../store/shape-holder'
import type { ShapeMessageOfTab, Unsigned } from '../tabs/messages'
import type { Core } from './core'
import type { AppliedBatch } from './leader'

/** More changes than this are read from the cache instead of being sent. */
const CHANGES_MAX = 500

export interface AnnouncerOptions {
  core: Core
  post: (message: Unsigned) => void
  /** Everything applied so far is stored. */
  stored: () => Promise<void>
}

/** Tells the tabs that follow what the leading one does; what they make of it is `follower.ts`. */
export class Announcer {
  constructor(private readonly options: AnnouncerOptions) {}

  /** What was applied to a shape: the changes, or to read the cache once it has them. */
  applied({ holder, step, echoed }: AppliedBatch): void {
    const origins = echoed.map(({ origin }) => origin)
    if (step.changes.length > CHANGES_MAX) return void this.options.stored().then(() => this.#state(holder, origins))
    const changes = step.changes.map(({ key, after }) => ({ key, after }))
    this.options.post({ ...shapeMessage(holder), changes, rows: 'changes', echoed: origins })
  }

  connection(): void {
    const { core, post } = this.options
    post({ kind: 'connection', connection: core.connection, sender: core.outbox.state.sender })
  }

  /** Where everything stands, once it is stored: a tab that just read the cache learns whether it missed something. `lacking`: it was not there. */
  async standing(shapes: readonly ShapeId[], lacking: ReadonlySet<ShapeId>): Promise<void> {
    const { core, post, stored } = this.options
    await stored()
    this.connection()
    post({ kind: 'outbox-holds', origins: core.outbox.state.entries.map(({ origin }) => origin) })
    for (const id of shapes) {
      const holder = core.shapes.find(id)
      if (holder && holder.state.kind !== 'cold') this.#state(holder, [], lacking.has(id))
    }
  }

  #state(holder: ShapeHolder, echoed: string[] = [], isLacking = false): void {
    const isCached = !isLacking && holder.isCached && holder.entity.serverColumns !== 'ephemeral'
    const changes = isCached ? [] : [...rowsOf(holder.state)].map(([key, after]) => ({ key, after }))
    this.options.post({ ...shapeMessage(holder), changes, rows: isCached ? 'cached' : 'all', echoed })
  }
}

function shapeMessage(holder: ShapeHolder): Omit<Unsigned<ShapeMessageOfTab>, 'changes' | 'rows' | 'echoed'> {
  const { state } = holder
  return {
    kind: 'shape',
    shape: holder.id,
    seq: holder.seq,
    generation: holder.generation,
    state: state.kind === 'cold' ? 'loading' : state.kind,
    position: positionOf(state),
    failure: state.kind === 'refused' ? { code: 'forbidden', message: state.failure.message } : null,
  }
}
