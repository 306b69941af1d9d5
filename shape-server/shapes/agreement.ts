import type { Shape } from './shape'

/** What is known of a table: from a relation message, or from the catalog. */
export interface TableFacts {
  oid: number
  schema: string
  name: string
  columns: { name: string; typeOid: number }[]
}

/** Why a shape's definition does not fit a table any more; null when it does. Nullability and defaults do not matter. */
export function disagreementWith(shape: Shape, relation: TableFacts): string | null {
  const { table, selected, hasExplicitColumns, where } = shape.definition
  if (relation.oid === table.oid && (relation.schema !== table.schema || relation.name !== table.name)) return 'renamed'
  const typeByName = new Map(relation.columns.map((column) => [column.name, column.typeOid]))
  const published = table.columns.filter((column) => column.generated === 'no')
  if (
    !hasExplicitColumns &&
    relation.columns.some((column) => !table.columns.some((own) => own.name === column.name))
  ) {
    return 'column added'
  }
  const needed = hasExplicitColumns
    ? [...selected, ...(where?.columns ?? []), ...table.pk]
    : table.columns.map((_, i) => i)
  for (const i of needed) {
    const column = table.columns[i]
    if (!column || !published.includes(column)) continue
    const type = typeByName.get(column.name)
    if (type === undefined) return 'column dropped'
    if (type !== column.typeOid) return 'column type changed'
  }
  return null
}
