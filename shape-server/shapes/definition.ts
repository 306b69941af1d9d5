import { createHash } from 'node:crypto'
import type { Projection } from '../encoding/message'
import { schemaEntry } from '../postgres/table'
import type { CompiledWhere } from '../where/compile'

/** What a client asks to follow, after validation. Equal definitions share a shape. */
export interface ShapeDefinition extends Projection {
  where: CompiledWhere | null
  /** The clause and params as asked, from which `where` can be compiled again. */
  whereText: string | null
  params: Record<string, string>
  /** The columns were named; otherwise all are selected, and a new one rotates the shape. */
  hasExplicitColumns: boolean
  log: 'full' | 'changes_only'
}

/** Text that is equal exactly for definitions that may share a shape. */
export function definitionIdentity(definition: ShapeDefinition): string {
  const { table } = definition
  return JSON.stringify([
    table.oid,
    table.schema,
    table.name,
    table.pk.map((i) => table.columns[i]?.name),
    definition.where?.identity ?? null,
    selectedNames(definition),
    definition.hasExplicitColumns,
    definition.replica,
    definition.log,
  ])
}

/** Names one life of a shape: a hash of what it is, and a time that makes it unique for ever. */
export function newHandle(identity: string, micros: bigint): string {
  const hash = createHash('sha256').update(identity).digest().readUInt32BE(0) >>> 1
  return `${String(hash)}-${micros.toString()}`
}

export function selectedNames(definition: ShapeDefinition): string[] {
  return definition.selected.map((i) => definition.table.columns[i]?.name ?? '')
}

/** The `electric-schema` header's value. */
export function schemaHeader(definition: Pick<ShapeDefinition, 'table' | 'selected'>): string {
  const entries: Record<string, unknown> = {}
  for (const i of definition.selected) {
    const column = definition.table.columns[i]
    if (column) entries[column.name] = schemaEntry(column)
  }
  // Header values are Latin-1; anything else is escaped, which JSON reads back.
  return JSON.stringify(entries).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
