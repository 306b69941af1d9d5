import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import type { Relation, Tuple } from '../replication/pgoutput'
import type { Shape } from './shape'

/**
 * The shapes on one table, found by the values of a row: a shape whose clause demands `column = value` (or `IN`) is listed under
 * that value, the rest are looked at for every change.
 */
export class TableRoutes {
  readonly shapes = new Set<Shape>()
  private readonly byColumn = new Map<number, Map<string, Set<Shape>>>()
  private readonly unkeyed = new Set<Shape>()
  private relation: Relation | null = null
  private reader: (tuple: Tuple) => Row = (tuple) => tuple.map((value) => value ?? null)

  constructor(readonly table: Table) {}

  get isEmpty(): boolean {
    return this.shapes.size === 0
  }

  add(shape: Shape): void {
    this.shapes.add(shape)
    const keys = shape.definition.where?.keys ?? null
    if (keys === null) {
      this.unkeyed.add(shape)
      return
    }
    for (const { column, value } of keys) {
      const byValue = this.byColumn.get(column) ?? new Map<string, Set<Shape>>()
      this.byColumn.set(column, byValue)
      const listed = byValue.get(value)
      if (listed) listed.add(shape)
      else byValue.set(value, new Set([shape]))
    }
  }

  remove(shape: Shape): void {
    this.shapes.delete(shape)
    this.unkeyed.delete(shape)
    for (const { column, value } of shape.definition.where?.keys ?? []) {
      const byValue = this.byColumn.get(column)
      const listed = byValue?.get(value)
      listed?.delete(shape)
      if (listed?.size === 0) byValue?.delete(value)
      if (byValue?.size === 0) this.byColumn.delete(column)
    }
  }

  /** Calls `visit` for every shape that the row, before or after, may be in; possibly more than once for one shape. */
  candidates(before: Row | null, after: Row | null, visit: (shape: Shape) => void): void {
    for (const shape of this.unkeyed) visit(shape)
    for (const [column, byValue] of this.byColumn) {
      const was = before?.[column]
      const is = after?.[column]
      if (was !== null && was !== undefined) for (const shape of byValue.get(was) ?? []) visit(shape)
      if (is !== null && is !== undefined && is !== was) for (const shape of byValue.get(is) ?? []) visit(shape)
    }
  }

  /** Puts a tuple's values into the order of `table.columns`. */
  rowReader(relation: Relation): (tuple: Tuple) => Row {
    if (this.relation === relation) return this.reader
    this.relation = relation
    const places = this.table.columns.map((column) => relation.columns.findIndex((own) => own.name === column.name))
    const isSame = places.length === relation.columns.length && places.every((place, i) => place === i)
    // pgoutput's arrays are used as they are when nothing has to move; TOAST gaps were filled by then.
    this.reader = isSame ? (tuple) => tuple as Row : (tuple) => places.map((place) => tuple[place] ?? null)
    return this.reader
  }
}
