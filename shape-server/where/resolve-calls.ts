import { elementAt, sliceOf } from './arrays'
import { castImplicitly } from './casts'
import { Decimal } from './decimal'
import type { Expression } from './expression'
import { WhereError, writeName } from './expression'
import { fold } from './fold'
import { FUNCTIONS } from './functions'
import type { Run } from './functions'
import { chooseOverload, unionType } from './overloads'
import { fields, nodeList } from './parse'
import type { SyntaxFields, SyntaxNode } from './parse'
import { nameParts, resolveAlone, settle } from './scope'
import type { Resolved, Scope } from './scope'
import { convert, typeOf } from './resolve-operators'
import { categoryOf, parseType, TEXT, typeText } from './types'
import type { WhereType } from './types'
import { comparator, valueText } from './values'
import type { Value } from './values'

const AGGREGATE_FIELDS = ['agg_order', 'agg_filter', 'over', 'agg_within_group', 'agg_star', 'agg_distinct']

/** `name(args)`. */
export function functionCall(f: SyntaxFields, location: number, scope: Scope): Expression {
  if (AGGREGATE_FIELDS.some((field) => f[field] !== undefined && f[field] !== false)) {
    throw new WhereError(location, 'aggregation is not supported in this context')
  }
  if (f['func_variadic'] === true) {
    throw new WhereError(location, 'explicit VARIADIC function calls are not currently supported')
  }
  const args = nodeList(f['args']).map((arg) => scope.resolve(arg, scope))
  const name = writeName(nameParts(f['funcname']))
  if (name === 'concat' && args.length > 0) return concat(args, location, scope)
  const choices = FUNCTIONS.get(`${name}/${String(args.length)}`)
  if (!choices) throw new WhereError(location, `unknown or unsupported function ${name}/${String(args.length)}`)
  const chosen = chooseOverload(choices, args.map(typeOf), false)
  if (!chosen) {
    const types = args.map((arg) => typeText(typeOf(arg))).join(', ')
    throw new WhereError(location, `Could not select a function overload for ${name}(${types})`)
  }
  const run = chosen.overload.make(chosen.args)
  return fold({
    kind: 'call',
    name,
    type: chosen.returns,
    args: convert(args, chosen.args, scope),
    isStrict: chosen.overload.isStrict,
    run,
    location,
  })
}

/** Joins the text of all arguments that are not null. */
function concat(args: Resolved[], location: number, scope: Scope): Expression {
  const settled = args.map((arg) => settle(arg, arg.kind === 'untyped' ? TEXT : null, scope))
  // concat writes booleans as t and f, unlike a cast.
  const write = (value: Value, type: WhereType) =>
    typeof value === 'boolean' ? (value ? 't' : 'f') : valueText(value, type)
  const run: Run = (...values) =>
    values.map((value, i) => (value === null ? '' : write(value, settled[i]?.type ?? TEXT))).join('')
  return fold({ kind: 'call', name: 'concat', type: TEXT, args: settled, isStrict: false, run, location })
}

/** COALESCE, GREATEST, LEAST. */
export function conditional(
  kind: 'CoalesceExpr' | 'MinMaxExpr',
  f: SyntaxFields,
  location: number,
  scope: Scope,
): Expression {
  const resolved = nodeList(f['args']).map((arg) => scope.resolve(arg, scope))
  const isLeast = f['op'] === 'IS_LEAST'
  const name = kind === 'CoalesceExpr' ? 'coalesce' : isLeast ? 'least' : 'greatest'
  const type = unionType(resolved.map(typeOf))
  if (!type) {
    const [a, b] = mismatch(resolved)
    throw new WhereError(location, `${name.toUpperCase()} types ${a} and ${b} cannot be matched`)
  }
  const args = resolved.map((arg) => fold(castImplicitly(settle(arg, type, scope), type)))
  const compare = comparator(type)
  const extreme: Run = (...values) => {
    const present = values.filter((value) => value !== null)
    return present.length === 0
      ? null
      : present.reduce((best, value) => (compare(value, best) < 0 === isLeast ? value : best))
  }
  const first: Run = (...values) => values.find((value) => value !== null) ?? null
  const run = kind === 'CoalesceExpr' ? first : extreme
  return fold({ kind: 'call', name, type, args, isStrict: false, run, location })
}

/** `ARRAY[…]`. */
export function arrayExpression(f: SyntaxFields, location: number, scope: Scope): Expression {
  const resolved = nodeList(f['elements']).map((item) => scope.resolve(item, scope))
  const type = unionType(resolved.map(typeOf))
  if (!type) {
    const [a, b] = mismatch(resolved)
    throw new WhereError(location, `ARRAY types ${a} and ${b} cannot be matched`)
  }
  const args = resolved.map((item) => {
    const settled = settle(item, type, scope)
    return fold(castImplicitly(settled, type))
  })
  // Arrays of arrays have no type of their own: int4[] is every dimension of it.
  const arrayType: WhereType = type.kind === 'array' ? type : { kind: 'array', of: type }
  return fold({
    kind: 'call',
    name: 'array',
    type: arrayType,
    args,
    isStrict: false,
    run: (...items) => items,
    location,
  })
}

function mismatch(resolved: Resolved[]): [string, string] {
  const known = resolved.map(typeOf).filter((type) => type.kind !== 'unknown')
  const [first] = known
  const other = known.find((type) => first && categoryOf(type) !== categoryOf(first)) ?? known[1]
  return [other ? typeText(other) : 'unknown', first ? typeText(first) : 'unknown']
}

/** `array[1]`, `array[1:2]`. */
export function indirection(f: SyntaxFields, scope: Scope): Expression {
  const array = resolveAlone(f['arg'], scope)
  const subscripts = nodeList(f['indirection']).map((item) => fields(item['A_Indices']))
  if (array.type.kind !== 'array' || subscripts.includes(null)) {
    throw new WhereError(array.location, 'A_Indirection is not supported in this context')
  }
  const isSlice = subscripts.some((subscript) => subscript?.['is_slice'] === true)
  const bounds = subscripts.flatMap((subscript) => {
    const upper = subscript?.['uidx'] === undefined ? null : bound(subscript['uidx'], scope)
    const lower = subscript?.['lidx'] === undefined ? null : bound(subscript['lidx'], scope)
    // In a slice, a plain subscript means 1 up to it.
    return isSlice ? [lower ?? (subscript?.['is_slice'] === true ? null : bound(null, scope)), upper] : [upper]
  })
  const args = [array, ...bounds.map((item) => item ?? nothing(array.location))]
  const run: Run = (value, ...indices) => {
    const list = value as Value[]
    const numbers = indices.map((index) => (index === null ? null : Number(index)))
    if (!isSlice)
      return elementAt(
        list as never,
        numbers.map((index) => index ?? 0),
      )
    const pairs: [number | null, number | null][] = []
    for (let i = 0; i < numbers.length; i += 2) pairs.push([numbers[i] ?? null, numbers[i + 1] ?? null])
    return sliceOf(list as never, pairs)
  }
  const guarded: Run = (...values) => (values[0] === null ? null : run(...values))
  const type = isSlice ? array.type : array.type.of
  return fold({
    kind: 'call',
    name: isSlice ? 'slice_access' : 'index_access',
    type,
    args,
    isStrict: false,
    run: guarded,
    location: array.location,
  })
}

function bound(node: unknown, scope: Scope): Expression {
  if (node === null) return { kind: 'constant', type: parseType('int8'), value: 1n, location: 0 }
  const settled = settle(scope.resolve(node as SyntaxNode, scope), parseType('int8'), scope)
  const name = settled.type.kind === 'base' ? settled.type.name : ''
  if (name === 'numeric' || name.startsWith('float')) {
    const round: Run = (value) => BigInt(Math.round(value instanceof Decimal ? value.toNumber() : Number(value)))
    return fold({
      kind: 'call',
      name: 'round',
      type: parseType('int8'),
      args: [settled],
      isStrict: true,
      run: round,
      location: settled.location,
    })
  }
  if (!['int2', 'int4', 'int8'].includes(name)) {
    throw new WhereError(settled.location, `${typeText(settled.type)} cannot be matched to int8`)
  }
  return fold(castImplicitly(settled, parseType('int8')))
}

function nothing(location: number): Expression {
  return { kind: 'constant', type: parseType('int8'), value: null, location }
}
