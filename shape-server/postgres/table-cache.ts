import type pg from 'pg'
import type { RelationName } from './identifiers'
import { quoteRelation } from './identifiers'
import { inspectTable } from './inspect'
import type { Table } from './table'

/** Table definitions already read, one instance per distinct definition. */
export class TableCache {
  private readonly tables = new Map<string, Table>()

  constructor(private readonly pool: pg.Pool) {}

  /** The table as last seen; asks Postgres only when it was not seen yet. */
  async get(relation: RelationName): Promise<Table | null> {
    return this.tables.get(quoteRelation(relation)) ?? this.refresh(relation)
  }

  /** The table as it is now. */
  async refresh(relation: RelationName): Promise<Table | null> {
    const key = quoteRelation(relation)
    const table = await inspectTable(this.pool, relation)
    if (!table) {
      this.tables.delete(key)
      return null
    }
    return this.intern(table)
  }

  /** The instance that stands for a definition; routing groups shapes by it. */
  intern(table: Table): Table {
    const key = quoteRelation(table)
    const known = this.tables.get(key)
    if (known && JSON.stringify(known) === JSON.stringify(table)) return known
    this.tables.set(key, table)
    return table
  }

  forget(relation: RelationName): void {
    this.tables.delete(quoteRelation(relation))
  }
}
