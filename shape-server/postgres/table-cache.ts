import type pg from 'pg'
import type { RelationName } from './identifiers'
import { quoteRelation } from './identifiers'
import { inspectTable } from './inspect'
import type { Table } from './table'

interface Known {
  table: Table
  /** The definition as text, to tell whether another one says the same. */
  text: string
  readAt: number
  /** Number of the look that found it. */
  look: number
}

/** Table definitions already read, one instance per distinct definition. */
export class TableCache {
  private readonly tables = new Map<string, Known>()
  private lookCount = 0

  constructor(
    private readonly pool: pg.Pool,
    /** A table is another one than was known: shapes on it may have to go. */
    private readonly onChange: (relation: RelationName, table: Table | null) => void,
  ) {}

  /** The table as seen at most `maxAgeMs` ago. */
  async get(relation: RelationName, maxAgeMs: number): Promise<Table | null> {
    const known = this.tables.get(quoteRelation(relation))
    return known && Date.now() - known.readAt <= maxAgeMs ? known.table : this.refresh(relation)
  }

  /** The table as it is now. */
  async refresh(relation: RelationName): Promise<Table | null> {
    const key = quoteRelation(relation)
    const before = this.tables.get(key)
    const look = ++this.lookCount
    const table = await inspectTable(this.pool, relation)
    const latest = this.tables.get(key)
    // A look that began later was answered sooner: what this one found may be older.
    if (latest && latest.look > look) return latest.table
    if (!table) {
      this.tables.delete(key)
      if (before) this.onChange(relation, null)
      return null
    }
    const known = this.intern(table, look)
    if (before && before.table !== known) this.onChange(relation, known)
    return known
  }

  /** The instance that stands for a definition; routing groups shapes by it. */
  intern(table: Table, look = 0): Table {
    const key = quoteRelation(table)
    const text = JSON.stringify(table)
    const known = this.tables.get(key)
    if (known?.text === text) {
      known.readAt = Date.now()
      known.look = look
      return known.table
    }
    this.tables.set(key, { table, text, readAt: Date.now(), look })
    return table
  }

  /** The next request reads it anew. */
  expire(relation: RelationName): void {
    const known = this.tables.get(quoteRelation(relation))
    if (known) known.readAt = 0
  }
}
