import { derivedUuid } from '@/lib/entity/keys'
import type { WireWrite } from '@/lib/protocol/writes'

/**
 * What the write door must answer for songs of one band, and what must be in the tables afterwards: the outcome table of the design written
 * down a second time, as simply as possible, to be compared with the door.
 */

export type Role = 'owner' | 'collaborator' | 'viewer' | 'stranger'
export type SongField = 'title' | 'artist' | 'tags' | 'notes'
export type SongValue = string | string[] | null
export type SongPatch = Partial<Record<SongField, SongValue>>

interface Song extends Record<SongField, SongValue> {
  version: number
  /** Which deletion it is in; null while it lives. */
  deletion: number | null
}

interface Question {
  key: string
  song: string
  field: string
  author: string
  offered: unknown
  current: unknown
  version: number
  decided: boolean
}

/** What the door must answer. */
export interface Prediction {
  /** `applied`, `unchanged` (applied, no transaction id), `conflict` or `rejected:<code>`. */
  verdict: string
  version?: number
  /** The fields that clash, sorted. */
  clashes?: string[]
}

const EMPTY = { title: null, artist: null, tags: [], notes: null }
const ASKS: ReadonlySet<string> = new Set(['title', 'notes'])

export class WriteModel {
  readonly songs = new Map<string, Song>()
  readonly questions: Question[] = []
  /** Ids of the writes that history tells about. */
  readonly logged: string[] = []
  readonly #settled = new Map<string, Prediction>()
  readonly #roles: ReadonlyMap<string, Role>
  #deletions = 0

  constructor(roles: ReadonlyMap<string, Role>) {
    this.#roles = roles
  }

  /** Carries out one request of a person and predicts its answers. */
  send(person: string, writes: readonly WireWrite[]): Prediction[] {
    const inserts = new Set<string>()
    const fields = new Set<string>()
    return writes.map((write) => {
      const memory = `${person} ${write.id}`
      const settled = this.#settled.get(memory)
      if (settled) return settled
      const touched = touchedFields(write)
      const isBlocked =
        (write.op === 'update' || write.op === 'delete') &&
        (inserts.has(write.key) || touched.some((field) => fields.has(`${write.key} ${field}`)))
      const prediction = isMalformed(write)
        ? rejected('invalid')
        : isBlocked
          ? rejected('blocked')
          : this.#carryOut(person, write)
      if (!prediction.verdict.startsWith('rejected')) this.#settled.set(memory, prediction)
      else if (write.op === 'insert') inserts.add(write.key)
      else for (const field of touched) fields.add(`${write.key} ${field}`)
      return prediction
    })
  }

  /** Whether a write was answered for good, so that sending it again changes nothing. */
  isSettled(person: string, writeId: string): boolean {
    return this.#settled.has(`${person} ${writeId}`)
  }

  /** Open questions as `song field author offered`, sorted. */
  openQuestions(): string[] {
    const open = this.questions.filter(({ decided }) => !decided)
    return open.map(({ song, field, author, offered }) => `${song} ${field} ${author} ${stable(offered)}`).sort()
  }

  #carryOut(person: string, write: WireWrite): Prediction {
    const role = this.#roles.get(person) ?? 'stranger'
    const mayWrite = role === 'owner' || role === 'collaborator'
    if (write.op === 'insert') {
      if (!mayWrite) return rejected('forbidden')
      if (this.songs.has(write.key)) return rejected('invalid')
      const { band_id: _band, ...values } = write.values
      this.songs.set(write.key, { ...EMPTY, ...(values as SongPatch), version: 1, deletion: null })
      this.logged.push(write.id)
      return { verdict: 'applied', version: 1 }
    }
    if (write.entity === 'conflicts') return this.#decide(role, write)
    const song = this.songs.get(write.key)
    if (!song || role === 'stranger') return rejected('not_found')
    if (!mayWrite) return rejected('forbidden')
    switch (write.op) {
      case 'delete':
        if (song.deletion !== null) return { verdict: 'unchanged', version: song.version }
        song.deletion = ++this.#deletions
        return this.#changed(song, write)
      case 'restore': {
        const changes = changedFields(song, (write.patch ?? {}) as SongPatch)
        if (song.deletion === null && Object.keys(changes).length === 0)
          return { verdict: 'unchanged', version: song.version }
        song.deletion = null
        this.#settleOwn(person, write.key, changes)
        Object.assign(song, changes)
        return this.#changed(song, write)
      }
      case 'update':
        return song.deletion === null ? this.#merge(person, song, write) : this.#askAboutDeletion(person, song, write)
    }
  }

  #changed(song: Song, write: WireWrite): Prediction {
    song.version++
    this.logged.push(write.id)
    return { verdict: 'applied', version: song.version }
  }

  #merge(person: string, song: Song, write: Extract<WireWrite, { op: 'update' }>): Prediction {
    const changes: SongPatch = {}
    const clashes: SongField[] = []
    for (const [name, yours] of Object.entries(write.patch as SongPatch)) {
      const field = name as SongField
      const theirs = song[field]
      const base = write.base && field in write.base ? (write.base as SongPatch)[field] : theirs
      if (stable(yours) === stable(theirs)) continue
      if (stable(theirs) === stable(base)) changes[field] = yours ?? null
      else if (stable(yours) === stable(base)) continue
      else if (ASKS.has(field)) clashes.push(field)
      else if (field === 'tags') Object.assign(changes, changedFields(song, { tags: union(base, yours, theirs) }))
      else changes[field] = yours ?? null
    }
    const isChange = Object.keys(changes).length > 0
    if (isChange) {
      this.#settleOwn(person, write.key, changes)
      Object.assign(song, changes)
      song.version++
      this.logged.push(write.id)
    }
    for (const field of clashes) this.#ask(person, write, field, (write.patch as SongPatch)[field], song[field])
    if (clashes.length > 0) return { verdict: 'conflict', version: song.version, clashes: clashes.sort() }
    return { verdict: isChange ? 'applied' : 'unchanged', version: song.version }
  }

  #askAboutDeletion(person: string, song: Song, write: Extract<WireWrite, { op: 'update' }>): Prediction {
    const open = this.#open(person, write.key, 'deleted_at')
    const offered = open ? { ...(open.offered as object), ...write.patch } : write.patch
    this.#ask(person, write, 'deleted_at', offered, song.deletion)
    return { verdict: 'conflict', version: song.version, clashes: ['deleted_at'] }
  }

  #open(author: string, song: string, field: string): Question | undefined {
    return this.questions.find((q) => !q.decided && q.author === author && q.song === song && q.field === field)
  }

  #ask(author: string, write: WireWrite, field: string, offered: unknown, current: unknown): void {
    const open = this.#open(author, write.key, field)
    if (open) Object.assign(open, { offered, current, version: open.version + 1 })
    else {
      const key = derivedUuid(write.id, `conflict:${field}`)
      this.questions.push({ key, song: write.key, field, author, offered, current, version: 1, decided: false })
    }
  }

  #settleOwn(author: string, song: string, changes: SongPatch): void {
    for (const field of Object.keys(changes)) {
      const open = this.#open(author, song, field)
      if (open) open.decided = true
    }
  }

  #decide(role: Role, write: WireWrite): Prediction {
    const question = this.questions.find(({ key }) => key === write.key)
    const song = question && this.songs.get(question.song)
    if (!question || !song || role === 'stranger' || write.op !== 'update') return rejected('not_found')
    if (role === 'viewer') return rejected('forbidden')
    if (question.decided) return rejected('invalid')
    const stands = question.field === 'deleted_at' ? song.deletion : song[question.field as SongField]
    question.version++
    if (stable(stands) !== stable(question.current)) {
      question.current = stands
      return { verdict: 'conflict', version: question.version, clashes: ['current_value'] }
    }
    question.decided = true
    if (write.patch['decision'] === 'offered') {
      const isRevival = question.field === 'deleted_at' && song.deletion !== null
      const patch = question.field === 'deleted_at' ? question.offered : { [question.field]: question.offered }
      const changes = changedFields(song, patch as SongPatch)
      if (isRevival || Object.keys(changes).length > 0) {
        Object.assign(song, changes, isRevival ? { deletion: null } : {}, { version: song.version + 1 })
        this.logged.push(write.id)
      }
    }
    return { verdict: 'applied', version: question.version }
  }
}

function rejected(code: string): Prediction {
  return { verdict: `rejected:${code}` }
}

function isMalformed(write: WireWrite): boolean {
  const columns = write.op === 'insert' ? write.values : write.op === 'delete' ? {} : (write.patch ?? {})
  return columns['title'] === ''
}

function touchedFields(write: WireWrite): string[] {
  return write.op === 'delete'
    ? ['deleted_at']
    : Object.keys(write.op === 'insert' ? write.values : (write.patch ?? {}))
}

function changedFields(song: Song, patch: SongPatch): SongPatch {
  return Object.fromEntries(Object.entries(patch).filter(([name, v]) => stable(v) !== stable(song[name as SongField])))
}

function union(base: unknown, yours: unknown, theirs: unknown): string[] {
  const [b, y, t] = [base, yours, theirs].map((set) => (Array.isArray(set) ? (set as string[]) : [])) as [
    string[],
    string[],
    string[],
  ]
  return [
    ...t.filter((tag) => y.includes(tag) || !b.includes(tag)),
    ...y.filter((tag) => !b.includes(tag) && !t.includes(tag)),
  ]
}

/** JSON with the keys of objects in order. */
export function stable(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return JSON.stringify(value)
  return JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))
}
