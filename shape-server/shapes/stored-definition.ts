import { createHash } from 'node:crypto'
import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import type { StoredShape } from '../storage/journal'
import { compileWhere } from '../where/compile'
import type { CompiledWhere } from '../where/compile'
import type { ShapeDefinition } from './definition'
import type { Shape } from './shape'

/** Names a table definition by its content. */
export function tableId(table: Table): string {
  return createHash('sha256').update(JSON.stringify(table)).digest('base64url').slice(0, 16)
}

/** What the journal keeps of a shape whose snapshot is complete. */
export function storeShape(shape: Shape): StoredShape {
  const { definition } = shape
  const point = shape.snapshotPoint
  if (!point) throw new Error('the snapshot has no point in time')
  return {
    handle: shape.handle,
    identity: shape.identity,
    table: tableId(definition.table),
    where: definition.whereText,
    keys: definition.where?.keys ?? null,
    params: definition.params,
    selected: definition.selected,
    hasExplicitColumns: definition.hasExplicitColumns,
    replica: definition.replica,
    log: definition.log,
    snapshot: {
      xmin: point.snapshot.xmin.toString(),
      xmax: point.snapshot.xmax.toString(),
      xip: point.snapshot.xip.map(String),
      until: point.until.toString(),
      chunkEnds: shape.snapshot.chunkEnds,
      crc: shape.snapshot.crc,
    },
  }
}

/** The definition as it was. Its clause is compiled when it is first needed: a restart may have to take up a hundred thousand. */
export function restoreDefinition(stored: StoredShape, table: Table): ShapeDefinition {
  return {
    table,
    selected: stored.selected,
    replica: stored.replica,
    where: stored.where === null ? null : new StoredWhere(stored, stored.where, table),
    whereText: stored.where,
    params: stored.params,
    hasExplicitColumns: stored.hasExplicitColumns,
    log: stored.log,
  }
}

const NO_DEPENDENCIES: CompiledWhere['dependencies'] = []

/** A clause that was compiled in an earlier run. */
class StoredWhere implements CompiledWhere {
  // Shapes with subqueries are not stored.
  readonly dependencies = NO_DEPENDENCIES
  private compiled: CompiledWhere | null = null

  constructor(
    private readonly stored: StoredShape,
    private readonly text: string,
    private readonly table: Table,
  ) {}

  get identity(): string {
    return this.now.identity
  }

  get sql(): string {
    return this.now.sql
  }

  get columns(): number[] {
    return this.now.columns
  }

  get keys(): CompiledWhere['keys'] {
    return this.stored.keys
  }

  matches(row: Row): boolean {
    return this.now.matches(row)
  }

  setMembers(): void {
    // Without subqueries there are none.
  }

  private get now(): CompiledWhere {
    if (this.compiled) return this.compiled
    const compiled = compileWhere(this.text, this.stored.params, this.table)
    // It did compile in the run that stored it.
    if (!compiled.ok) throw new Error(`a stored clause does not compile: ${compiled.error}`)
    this.compiled = compiled.where
    return this.compiled
  }
}
