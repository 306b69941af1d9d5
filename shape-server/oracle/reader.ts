import { comparePositions, parsePosition } from '../storage/position'
import { sqlName } from './world'
import type { WorldShape } from './world'

interface LogMessage {
  key?: string
  value?: Record<string, string | null>
  old_value?: Record<string, string | null>
  headers: {
    operation?: 'insert' | 'update' | 'delete'
    control?: string
    lsn?: string
    op_position?: number
    last?: boolean
    txids?: number[]
    xmin?: string
    xmax?: string
    xip_list?: string[]
  }
}

/** A client that follows one shape, builds its rows, and objects to every message that cannot be right. */
export class OracleReader {
  rows = new Map<string, Record<string, string | null>>()
  /** How often it had to begin again. */
  rotations = 0
  private handle: string | null = null
  private offset = '-1'
  private last: { tx: bigint; op: number } | null = null
  /** What the snapshot has seen, for error texts. */
  private seen = ''

  constructor(
    readonly shape: WorldShape,
    private readonly baseUrl: () => string,
    private readonly secret: string | null = null,
  ) {}

  get params(): URLSearchParams {
    const { table, where, params, columns, replica } = this.shape
    const query = new URLSearchParams({ table: sqlName(table.name), replica })
    if (where !== null) query.set('where', where)
    params.forEach((value, i) => query.set(`params[${String(i + 1)}]`, value))
    if (columns) query.set('columns', columns.map(sqlName).join(','))
    return query
  }

  /** Reads until there is nothing more; a server that is away is asked again. */
  async catchUp(): Promise<void> {
    for (;;) if (await this.step(false)) return
  }

  /** Waits for one live answer (or the end of its wait). */
  async live(signal: AbortSignal): Promise<void> {
    await this.step(this.offset !== '-1', signal)
  }

  /** One request; true when the answer said that nothing follows. */
  private async step(isLive: boolean, signal?: AbortSignal): Promise<boolean> {
    const query = this.params
    query.set('offset', this.offset)
    if (this.handle !== null) query.set('handle', this.handle)
    if (isLive) query.set('live', 'true')
    if (this.secret !== null) query.set('secret', this.secret)
    let response: Response
    let messages: LogMessage[]
    try {
      response = await fetch(`${this.baseUrl()}/v1/shape?${query.toString()}`, signal ? { signal } : {})
      messages = (await response.json()) as LogMessage[]
    } catch (error) {
      if (signal?.aborted) return false
      if (error instanceof SyntaxError || error instanceof TypeError) return pause()
      throw error
    }
    if (response.status === 503) return pause()
    if (response.status === 409) {
      this.restart()
      return false
    }
    if (response.status !== 200)
      throw new Error(`${String(response.status)} ${JSON.stringify(messages)} for ${query.toString()}`)
    for (const message of messages) this.apply(message)
    this.handle = response.headers.get('electric-handle')
    this.offset = response.headers.get('electric-offset') ?? this.offset
    return response.headers.has('electric-up-to-date')
  }

  private restart(): void {
    this.rotations++
    this.handle = null
    this.offset = '-1'
    this.last = null
    this.rows = new Map()
  }

  private apply(message: LogMessage): void {
    const { key, value, headers } = message
    if (headers.control === 'snapshot-end') this.seen = JSON.stringify(headers)
    if (key === undefined || value === undefined) return
    const where = `${key} ${JSON.stringify(headers)} behind ${this.seen}, ${this.last ? 'not ' : ''}the first of the log`
    if (headers.lsn !== undefined) this.checkOrder(headers.lsn, headers.op_position ?? -1, where)
    const before = this.rows.get(key)
    switch (headers.operation) {
      case 'insert':
        if (before) throw new Error(`inserted twice: ${where}`)
        this.rows.set(key, value)
        return
      case 'update':
        if (!before) throw new Error(`updated but never inserted: ${where}`)
        for (const [name, old] of Object.entries(message.old_value ?? {})) {
          if (normal(before[name] ?? null) !== normal(old))
            throw new Error(`old value of ${name} is another one: ${where}`)
        }
        this.rows.set(key, { ...before, ...value })
        return
      case 'delete':
        if (!before) throw new Error(`deleted but never inserted: ${where}`)
        this.rows.delete(key)
        return
      case undefined:
    }
  }

  private checkOrder(lsn: string, op: number, where: string): void {
    const position = parsePosition(`${lsn}_${String(op)}`)
    if (!position) throw new Error(`no position: ${where}`)
    if (this.last && comparePositions(position, this.last) <= 0) throw new Error(`out of order or sent twice: ${where}`)
    this.last = position
  }

  /** The rows as sorted text, for comparison with Postgres. */
  contents(): string[] {
    return [...this.rows.values()].map((row) => JSON.stringify(sorted(row))).sort()
  }
}

/** Sorted column names, booleans as Postgres casts them. */
export function sorted(row: Record<string, string | null>): [string, string | null][] {
  return Object.entries(row)
    .map(([name, value]): [string, string | null] => [name, name === 'flag' ? normal(value) : value])
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

function normal(value: string | null): string | null {
  return value === 't' ? 'true' : value === 'f' ? 'false' : value
}

/** The server is away: let the event loop turn before asking again. */
async function pause(): Promise<false> {
  await new Promise((resolve) => setTimeout(resolve, 20))
  return false
}
