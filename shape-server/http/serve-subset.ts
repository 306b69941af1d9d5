import { ELECTRIC_HEADERS } from '@/lib/protocol/names'
import type { Service } from '../service'
import type { Shape } from '../shapes/shape'
import { readSubset } from '../shapes/subset'
import type { SubsetQuery } from '../shapes/subset'
import { formatPosition } from '../storage/position'
import { compileWhere } from '../where/compile'
import { checkOrderBy } from '../where/order-by'
import type { Table } from '../postgres/table'
import type { Exchange } from './exchange'
import { sendFailure, sendInvalid } from './failures'
import type { FieldErrors, Parsed, ShapeRequest } from './params'
import type { SubsetRequest } from './subset-params'

/** Answers a question about some rows of a shape, with the point in time it was answered at. */
export async function serveSubset(
  service: Service,
  exchange: Exchange,
  request: ShapeRequest,
  shape: Shape,
  subset: SubsetRequest,
): Promise<void> {
  const checked = checkSubset(subset, queryableTable(request, shape))
  if (!checked.ok) return sendInvalid(exchange, checked.errors)
  // A client that has a position keeps it: the log goes on where it was, the subset only adds rows.
  const position =
    request.from.kind === 'position' && request.from.position.tx >= 0n ? request.from.position : shape.log.end
  const headers = [
    ELECTRIC_HEADERS.snapshot,
    'true',
    ELECTRIC_HEADERS.offset,
    formatPosition(position),
    ELECTRIC_HEADERS.schema,
    shape.schema,
    ELECTRIC_HEADERS.hasData,
    'true',
  ]
  try {
    await readSubset(service.pool, shape.definition, checked.value, {
      begin: () => exchange.begin(200, headers),
      write(piece) {
        // Thrown, so that nothing more is read: the query may go on for the whole table.
        if (exchange.isGone) throw new Error('the client is gone')
        return exchange.writeOrWait(piece)
      },
    })
    if (exchange.method !== 'HEAD') exchange.response.end()
  } catch (error) {
    if (exchange.response.headersSent) return void exchange.response.destroy()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    // Data exceptions: the clause is well formed, but not for these values (an enum label that does not exist).
    if (code.startsWith('22') && error instanceof Error) {
      return sendInvalid(exchange, { subset: { where: error.message } })
    }
    sendFailure(exchange, error)
  }
}

function checkSubset(subset: SubsetRequest, table: Table): Parsed<SubsetQuery> {
  const errors: FieldErrors = {}
  const compiled =
    subset.where === null
      ? null
      : compileWhere(subset.where, subset.params, table, { allowsSubqueries: false, allowsEnumLiterals: true })
  if (compiled?.ok === false) errors['where'] = [compiled.error]
  const orderError = subset.orderBy === null ? null : checkOrderBy(subset.orderBy, table)
  if (orderError !== null) errors['order_by'] = [orderError]
  if (Object.keys(errors).length > 0) return { ok: false, errors: { subset: errors } }
  const { orderBy, limit, offset } = subset
  return { ok: true, value: { where: compiled?.ok ? compiled.where.sql : null, orderBy, limit, offset } }
}

/** The table as far as the subset may name its columns. */
function queryableTable(request: ShapeRequest, shape: Shape): Table {
  const { table } = shape.definition
  const names = request.queryableColumns
  return names === null ? table : { ...table, columns: table.columns.filter((column) => names.includes(column.name)) }
}
