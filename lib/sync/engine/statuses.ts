import 'client-only'
import type { JsonRow } from '@/lib/protocol/json'
import { textIn } from '@/lib/protocol/json'
import { questionFrom } from '../conflicts'
import { Emitter } from '../emitter'
import type { OutboxEntry } from '../outbox/entry'
import { scopeOfRow } from '../shapes/shape-name'
import { isMarkable, isUnread, statusOf } from '../status'
import type { ConnectionKind, RowStatus } from '../types'
import type { Memberships } from './memberships'
import type { ShapeSet } from './shape-set'

export interface StatusesOptions {
  userId: string
  shapes: ShapeSet
  entries: () => readonly OutboxEntry[]
  connection: () => ConnectionKind
  clientId: () => string | null
  memberships: () => Memberships
}

/** The status of any row, looked up by its key. */
export class Statuses {
  /** Some row's status may have changed. */
  readonly changed = new Emitter()
  #entriesOf: readonly OutboxEntry[] | null = null
  #entries = new Map<string, OutboxEntry[]>()
  #questions = new Set<string>()
  #marks = new Map<string, JsonRow>()
  /** Until they are here nothing is called unread: of a band of songs all would be, for a moment. */
  #areMarksKnown = false

  constructor(private readonly options: StatusesOptions) {
    options.shapes.rendered.listen(({ entity, view }) => {
      if (entity.name === 'conflicts') this.#readQuestions()
      if (entity.name === 'read_marks') this.#readMarks(view.status !== 'loading')
      this.changed.emit()
    })
  }

  statusOf(entity: string, key: string): RowStatus {
    const { shapes, connection } = this.options
    const found = shapes.row(entity, key)
    const name = nameOf(entity, key)
    return statusOf({
      entries: this.#entriesByRow().get(name) ?? NO_ENTRIES,
      hasOpenQuestion: this.#questions.has(name),
      connection: connection(),
      isUnread: found !== null && this.#isUnread(entity, found.row),
    })
  }

  /** What a mark says that a row was seen, and how far its history was read; null when that is known. */
  markOf(entity: string, row: JsonRow, lastRead?: string): JsonRow | null {
    const key = textIn(row, 'id')
    const known = this.#marks.get(nameOf(entity, key))
    const isNewer = lastRead !== undefined && lastRead > textIn(known ?? {}, 'last_read')
    const isUnread = isMarkable(entity) && this.#isUnread(entity, row)
    if (!isNewer && !isUnread) return null
    const version = Math.max(Number(row['version'] ?? 1), Number(known?.['version'] ?? 0))
    return { entity, entity_id: key, version, ...(lastRead === undefined ? {} : { last_read: lastRead }) }
  }

  #isUnread(entityName: string, row: JsonRow): boolean {
    const { userId, clientId, memberships, shapes } = this.options
    const key = textIn(row, 'id')
    const entity = shapes.row(entityName, key)?.holder.entity
    if (!entity || !this.#areMarksKnown) return false
    const scope = scopeOfRow(entity, key, row)
    return isUnread(entity, row, {
      clientId: clientId(),
      readVersion: Number(this.#marks.get(nameOf(entityName, key))?.['version'] ?? 0),
      joinedAt: scope === null ? null : scope === userId ? '' : (memberships().joinedAt.get(scope) ?? null),
    })
  }

  #entriesByRow(): ReadonlyMap<string, OutboxEntry[]> {
    const entries = this.options.entries()
    if (entries !== this.#entriesOf) {
      this.#entriesOf = entries
      this.#entries = new Map()
      for (const entry of entries) {
        const name = nameOf(entry.write.entity, entry.write.key)
        this.#entries.set(name, [...(this.#entries.get(name) ?? []), entry])
      }
    }
    return this.#entries
  }

  #readQuestions(): void {
    this.#questions = new Set()
    for (const row of rowsOfEntity(this.options.shapes, 'conflicts')) {
      const question = questionFrom(row)
      if (question) this.#questions.add(nameOf(question.entity, question.key))
    }
  }

  #readMarks(areKnown: boolean): void {
    this.#areMarksKnown = areKnown
    this.#marks = new Map()
    for (const row of rowsOfEntity(this.options.shapes, 'read_marks')) {
      this.#marks.set(nameOf(textIn(row, 'entity'), textIn(row, 'entity_id')), row)
    }
  }
}

const NO_ENTRIES: readonly OutboxEntry[] = []

function nameOf(entity: string, key: string): string {
  return `${entity}/${key}`
}

function* rowsOfEntity(shapes: ShapeSet, name: string): Generator<JsonRow> {
  for (const holder of shapes) if (holder.entity.name === name) yield* holder.view.rows.values()
}
