import type { Expression } from './expression'
import type { WhereType } from './types'
import type { Value } from './values'

/** A value that one column must have, as the log writes it. */
export interface RoutingKey {
  column: number
  value: string
}

/** Types whose equal values have equal text, so that the text can be looked up in a hash. */
const CANONICAL = new Set(['text', 'varchar', 'name', 'uuid', 'int2', 'int4', 'int8', 'bool'])

/**
 * What a row must have to match: one of these keys. AND needs only the keys of one side (the fewest), OR those of all; null when nothing
 * can be said, and every change has to be looked at.
 */
export function routingKeys(expression: Expression): RoutingKey[] | null {
  switch (expression.kind) {
    case 'and': {
      const found = expression.args.map(routingKeys).filter((keys) => keys !== null)
      return found.sort((a, b) => a.length - b.length)[0] ?? null
    }
    case 'or': {
      const all = expression.args.map(routingKeys)
      return all.every((keys) => keys !== null) ? all.flat() : null
    }
    case 'column':
      return isCanonical(expression.type) ? [{ column: expression.index, value: 't' }] : null
    case 'constant':
      return expression.value === true ? null : []
    case 'call':
      return callKeys(expression.name, expression.args)
    case 'not':
    case 'member':
      return null
  }
}

function callKeys(name: string, args: Expression[]): RoutingKey[] | null {
  const [first, second] = args
  if (!first || !second) return null
  if (name === '=') return equalityKeys(first, second) ?? equalityKeys(second, first)
  if (name !== 'any' || second.kind !== 'constant' || !Array.isArray(second.value)) return null
  const column = plainColumn(first)
  return column && second.value.every((item) => item === null || !Array.isArray(item))
    ? second.value.filter((item) => item !== null).map((item) => ({ column: column.index, value: keyText(item) }))
    : null
}

function equalityKeys(side: Expression, other: Expression): RoutingKey[] | null {
  const column = plainColumn(side)
  if (!column || other.kind !== 'constant' || !isCanonical(other.type)) return null
  return other.value === null ? [] : [{ column: column.index, value: keyText(other.value) }]
}

/** The column behind widening casts of integers; they do not change which text is equal. */
function plainColumn(expression: Expression): (Expression & { kind: 'column' }) | null {
  if (expression.kind === 'column') return isCanonical(expression.type) ? expression : null
  const [arg] = expression.kind === 'call' ? expression.args : []
  const isWidening = expression.kind === 'call' && /^int\d_to_int\d$/.test(expression.name)
  return isWidening && arg ? plainColumn(arg) : null
}

function isCanonical(type: WhereType): boolean {
  return type.kind === 'base' && CANONICAL.has(type.name)
}

function keyText(value: Value): string {
  return value === true ? 't' : value === false ? 'f' : String(value as string)
}
