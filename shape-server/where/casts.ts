import type { Expression, Untyped } from './expression'
import { WhereError } from './expression'
import { isImplicitlyCastable, isSameType, TEXT, typeText, UNKNOWN } from './types'
import type { WhereType } from './types'
import { asText, implicitCast, parseConstant, valueText } from './values'
import type { Value } from './values'

const TEXT_INPUT = [
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'numeric',
  'bool',
  'uuid',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'interval',
]
const TEXT_OUTPUT = [
  'int2',
  'int4',
  'int8',
  'float4',
  'float8',
  'numeric',
  'date',
  'time',
  'timestamp',
  'interval',
  'bool',
  'uuid',
]

/** Gives an untyped literal the type its context asks for. */
export function literalAs(literal: Untyped, type: WhereType): Expression {
  const { text, location } = literal
  if (text === null) return { kind: 'constant', type, value: null, location }
  const value = parseConstant(text, type)
  if (value === null) throw new WhereError(location, `invalid syntax for type ${typeText(type)}: ${text}`)
  return { kind: 'constant', type, value, location }
}

/** A literal without context: text, or a null of no type. */
export function literalAlone(literal: Untyped): Expression {
  if (literal.text !== null) return literalAs(literal, TEXT)
  return { kind: 'constant', type: UNKNOWN, value: null, location: literal.location }
}

/** Converts where Postgres would without being asked. */
export function castImplicitly(expression: Expression, type: WhereType): Expression {
  const cast = implicitCast(expression.type, type)
  if (!cast) return isSameType(expression.type, type) ? expression : relabel(expression, type)
  return call(`${typeText(expression.type)}_to_${typeText(type)}`, expression, type, cast)
}

/** `expression::type`. */
export function castExplicitly(expression: Expression, type: WhereType): Expression {
  const { type: from, location } = expression
  if (isSameType(from, type)) return expression
  if (expression.kind === 'constant' && expression.value === null) return { ...expression, type }
  const run = castFunction(from, type)
  if (run === null) {
    throw new WhereError(location, `unknown cast from type ${typeText(from)} to type ${typeText(type)}`)
  }
  if (run === 'as-is') return relabel(expression, type)
  if (expression.kind === 'constant') {
    try {
      return { ...expression, type, value: run(expression.value) }
    } catch {
      const shown = JSON.stringify(valueText(expression.value, from))
      throw new WhereError(location, `could not cast value ${shown} from ${typeText(from)} to ${typeText(type)}`)
    }
  }
  return call(`${typeText(from)}_to_${typeText(type)}`, expression, type, run)
}

type Cast = (value: Value) => Value

function castFunction(from: WhereType, to: WhereType): Cast | 'as-is' | null {
  if (isImplicitlyCastable(from, to)) return implicitCast(from, to) ?? 'as-is'
  if (from.kind === 'array' && to.kind === 'array') {
    const item = castFunction(from.of, to.of)
    if (item === null || item === 'as-is') return item
    const deep: Cast = (value) => (value === null ? null : Array.isArray(value) ? value.map(deep) : item(value))
    return deep
  }
  if (from.kind === 'base' && from.name === 'text') return fromText(to)
  if (to.kind === 'base' && to.name === 'text') {
    if (from.kind === 'enum') return 'as-is'
    if (from.kind === 'base' && TEXT_OUTPUT.includes(from.name)) return (value) => valueText(value, from)
    return null
  }
  if (from.kind !== 'base' || to.kind !== 'base') return null
  if (from.name === 'bool' && to.name === 'int4') return (value) => (value === true ? 1 : 0)
  if (from.name === 'int4' && to.name === 'bool') return (value) => value !== 0
  return null
}

function fromText(to: WhereType): Cast | null {
  const base = to.kind === 'array' ? to.of : to
  if (base.kind !== 'base' || !(TEXT_INPUT.includes(base.name) || (to.kind === 'array' && base.name === 'text')))
    return null
  return (value) => {
    const found = parseConstant(asText(value), to)
    if (found === null) throw new Error('cannot be read')
    return found
  }
}

/** The same value under another name of its type. */
function relabel(expression: Expression, type: WhereType): Expression {
  return expression.kind === 'constant' || expression.kind === 'column' || expression.kind === 'call'
    ? { ...expression, type }
    : expression
}

function call(name: string, arg: Expression, type: WhereType, run: Cast): Expression {
  return {
    kind: 'call',
    name,
    type,
    args: [arg],
    isStrict: true,
    run: (value) => run(value ?? null),
    location: arg.location,
  }
}
