import type { Row } from '../encoding/message'
import type { Table } from '../postgres/table'
import { quoteLiteral } from '../postgres/identifiers'
import { fields, nodeList, openNode, parseWhere } from './parse'
import type { SyntaxNode } from './parse'

export interface CompiledWhere {
  /** For the snapshot: the clause with its params in place. */
  sql: string
  /** Equal for clauses that mean the same after normalisation. */
  identity: string
  matches: (row: Row) => boolean
  /** Positions of the columns it reads. */
  columns: number[]
  /** Rows that match have one of these values in one of these columns; null when nothing like it can be said. */
  keys: RoutingKey[] | null
}

export interface RoutingKey {
  column: number
  value: string
}

export type Compiled = { ok: true; where: CompiledWhere } | { ok: false; error: string }

type Value = string | number | bigint | boolean | null
type Eval = (row: Row) => Value

interface Typed {
  type: string
  eval: Eval
  constant?: string | null
  column?: number
  keys?: RoutingKey[] | null
}

class WhereError extends Error {}

const NUMERIC = new Set(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])
const TEXTUAL = new Set(['text', 'varchar', 'bpchar', 'name'])
/** Types whose text form is the same for equal values: their text can be a hash key. */
const CANONICAL = new Set(['text', 'varchar', 'uuid', 'int2', 'int4', 'int8', 'bool', 'name'])

/** Compiles a where clause against a table. */
export function compileWhere(sql: string, params: Record<string, string>, table: Table): Compiled {
  const parsed = parseWhere(sql)
  if (!parsed.ok) return parsed
  const paramTypes = new Map<string, string>()
  const scope = { table, params, paramTypes, used: new Set<number>() }
  try {
    const typed = resolve(parsed.node, scope)
    if (typed.type !== 'bool') return { ok: false, error: 'WHERE clause must return a boolean' }
    return {
      ok: true,
      where: {
        sql: substituteParams(sql, parsed.node, params, paramTypes),
        identity: JSON.stringify(normalise(parsed.node, params, paramTypes)),
        columns: [...scope.used],
        matches: (row) => typed.eval(row) === true,
        keys: typed.keys ?? null,
      },
    }
  } catch (error) {
    if (error instanceof WhereError) return { ok: false, error: error.message }
    throw error
  }
}

interface Scope {
  table: Table
  params: Record<string, string>
  paramTypes: Map<string, string>
  used: Set<number>
}

function fail(location: unknown, message: string): never {
  throw new WhereError(`At location ${String(Math.max(Number(location ?? 0) - 15, 0))}: ${message}`)
}

function resolve(node: SyntaxNode, scope: Scope): Typed {
  const { kind, fields: f } = openNode(node)
  switch (kind) {
    case 'BoolExpr':
      return boolExpr(f, scope)
    case 'ColumnRef':
      return columnRef(f, scope)
    case 'A_Const':
      return constant(f)
    case 'ParamRef': {
      const number = String(f['number'])
      const value = scope.params[number]
      if (value === undefined) fail(f['location'], `parameter $${number} was not provided`)
      return { type: `param:${number}`, constant: value, eval: () => value }
    }
    case 'TypeCast':
      return cast(f, scope)
    case 'NullTest': {
      const arg = resolve(f['arg'] as SyntaxNode, scope)
      const isNull = f['nulltesttype'] === 'IS_NULL'
      return { type: 'bool', eval: (row) => (arg.eval(row) === null) === isNull }
    }
    case 'A_Expr':
      return operator(f, scope)
    default:
      fail(f['location'], `${kind} is not supported in this context`)
  }
}

function boolExpr(f: Record<string, unknown>, scope: Scope): Typed {
  const args = nodeList(f['args']).map((arg) => known(resolve(arg, scope), 'bool', scope))
  if (f['boolop'] === 'NOT_EXPR') {
    const arg = args[0]
    return { type: 'bool', eval: (row) => negate(arg?.eval(row) ?? null) }
  }
  if (f['boolop'] === 'AND_EXPR') {
    const keys = args.map((arg) => arg.keys).filter((candidate) => candidate !== null && candidate !== undefined)
    keys.sort((a, b) => a.length - b.length)
    return {
      type: 'bool',
      keys: keys[0] ?? null,
      eval: (row) => {
        let result: boolean | null = true
        for (const arg of args) {
          const value = arg.eval(row)
          if (value === false) return false
          if (value === null) result = null
        }
        return result
      },
    }
  }
  const keys = args.map((arg) => arg.keys ?? null)
  return {
    type: 'bool',
    keys: keys.every((key) => key !== null) ? keys.flat() : null,
    eval: (row) => {
      let result: boolean | null = false
      for (const arg of args) {
        const value = arg.eval(row)
        if (value === true) return true
        if (value === null) result = null
      }
      return result
    },
  }
}

function negate(value: Value): boolean | null {
  return value === null ? null : value === false
}

function columnRef(f: Record<string, unknown>, scope: Scope): Typed {
  const path = nodeList(f['fields']).map((part) => String(fields(part['String'])?.['sval']))
  const index = path.length === 1 ? scope.table.columns.findIndex((column) => column.name === path[0]) : -1
  const column = scope.table.columns[index]
  if (!column) fail(f['location'], `unknown reference ${path.join('.')}`)
  const type = column.typeName
  scope.used.add(index)
  return { type, column: index, eval: (row) => readValue(row[index] ?? null, type) }
}

function constant(f: Record<string, unknown>): Typed {
  if (f['isnull'] === true) return { type: 'unknown', constant: null, eval: () => null }
  const ival = fields(f['ival'])
  if (ival) {
    const value = Number(ival['ival'] ?? 0)
    return { type: 'int4', constant: String(value), eval: () => value }
  }
  const bool = fields(f['boolval'])
  if (bool) {
    const value = bool['boolval'] === true
    return { type: 'bool', constant: value ? 't' : 'f', eval: () => value }
  }
  const fval = fields(f['fval'])
  if (fval) {
    const value = Number(fval['fval'])
    return { type: 'numeric', constant: String(fval['fval']), eval: () => value }
  }
  const sval = fields(f['sval'])?.['sval']
  const text = typeof sval === 'string' ? sval : ''
  return { type: 'unknown', constant: text, eval: () => text }
}

function cast(f: Record<string, unknown>, scope: Scope): Typed {
  const names = nodeList(fields(f['typeName'])?.['names']).map((part) => String(fields(part['String'])?.['sval']))
  const type = names.at(-1) ?? ''
  const arg = resolve(f['arg'] as SyntaxNode, scope)
  if (arg.type === 'unknown' || arg.type.startsWith('param:')) return known(arg, type, scope)
  if (arg.type === type) return arg
  if (TEXTUAL.has(type)) {
    const column = arg.column
    return { type, eval: column === undefined ? (row) => asText(arg.eval(row)) : (row) => row[column] ?? null }
  }
  fail(f['location'], `unknown cast from type ${arg.type} to type ${type}`)
}

function asText(value: Value): string | null {
  return value === null ? null : String(value)
}

/** Gives an untyped constant the type its context asks for. */
function known(typed: Typed, type: string, scope: Scope): Typed {
  const isParam = typed.type.startsWith('param:')
  if (typed.type !== 'unknown' && !isParam) return typed
  if (isParam) scope.paramTypes.set(typed.type.slice(6), type)
  const text = typed.constant ?? null
  const value = readValue(text, type)
  if (value !== null && typeof value === 'number' && Number.isNaN(value) && text?.toLowerCase() !== 'nan') {
    throw new WhereError(`At location 0: invalid syntax for type ${type}: ${String(text)}`)
  }
  return { type, constant: canonical(value), eval: () => value }
}

function canonical(value: Value): string | null {
  if (value === null) return null
  if (value === true) return 't'
  if (value === false) return 'f'
  return String(value)
}

function readValue(text: string | null, type: string): Value {
  if (text === null) return null
  switch (type) {
    case 'bool':
      return /^\s*(t|tr|tru|true|y|ye|yes|on|1)\s*$/i.test(text)
    case 'int8':
      return /^\s*[+-]?\d+\s*$/.test(text) ? BigInt(text.trim()) : Number.NaN
    case 'int2':
    case 'int4':
    case 'float4':
    case 'float8':
    case 'numeric':
      return Number(text)
    case 'uuid':
      return text.toLowerCase()
    default:
      return text
  }
}

function operator(f: Record<string, unknown>, scope: Scope): Typed {
  const name = String(fields(nodeList(f['name'])[0]?.['String'])?.['sval'])
  const left = resolve(f['lexpr'] as SyntaxNode, scope)
  if (f['kind'] === 'AEXPR_IN') {
    const items = nodeList(fields((f['rexpr'] as SyntaxNode)['List'])?.['items']).map((item) =>
      comparison('=', left, resolve(item, scope), f['location'], scope),
    )
    const keys = items.map((item) => item.keys ?? null)
    const result: Typed = {
      type: 'bool',
      keys: keys.every((key) => key !== null) ? keys.flat() : null,
      eval: (row) => {
        let found: boolean | null = false
        for (const item of items) {
          const value = item.eval(row)
          if (value === true) return true
          if (value === null) found = null
        }
        return found
      },
    }
    return name === '<>' ? { type: 'bool', eval: (row) => negate(result.eval(row)) } : result
  }
  if (f['kind'] !== 'AEXPR_OP' || !f['lexpr']) fail(f['location'], `unknown binary operator ${name}`)
  return comparison(name, left, resolve(f['rexpr'] as SyntaxNode, scope), f['location'], scope)
}

const COMPARE: Record<string, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '>': (order) => order > 0,
  '<=': (order) => order <= 0,
  '>=': (order) => order >= 0,
}

function comparison(name: string, rawLeft: Typed, rawRight: Typed, location: unknown, scope: Scope): Typed {
  const test = COMPARE[name]
  if (!test) fail(location, `unknown binary operator ${name}`)
  const isOpen = (typed: Typed) => typed.type === 'unknown' || typed.type.startsWith('param:')
  const left = known(rawLeft, isOpen(rawRight) ? 'text' : rawRight.type, scope)
  const right = known(rawRight, left.type, scope)
  const same =
    left.type === right.type ||
    (NUMERIC.has(left.type) && NUMERIC.has(right.type)) ||
    (TEXTUAL.has(left.type) && TEXTUAL.has(right.type))
  if (!same) fail(location, 'Could not select an operator overload')
  const column = left.column ?? right.column
  const value = left.column === undefined ? left.constant : right.constant
  const isKey = name === '=' && column !== undefined && typeof value === 'string' && CANONICAL.has(left.type)
  return {
    type: 'bool',
    keys: isKey ? [{ column, value }] : null,
    eval: (row) => {
      const a = left.eval(row)
      const b = right.eval(row)
      if (a === null || b === null) return null
      return test(a < b ? -1 : a > b ? 1 : 0)
    },
  }
}

/** The clause with `'value'::type` in place of its params; locations are in bytes. */
function substituteParams(
  sql: string,
  node: SyntaxNode,
  params: Record<string, string>,
  types: Map<string, string>,
): string {
  const bytes = Buffer.from(sql)
  const places: { at: number; number: string }[] = []
  visit(node, (kind, f) => {
    if (kind === 'ParamRef') places.push({ at: Number(f['location'] ?? 0) - 15, number: String(f['number']) })
  })
  places.sort((a, b) => a.at - b.at)
  let text = ''
  let done = 0
  for (const { at, number } of places) {
    text += bytes.toString('utf8', done, at)
    const type = types.get(number)
    text += `${quoteLiteral(params[number] ?? '')}${type === undefined ? '' : `::${type}`}`
    done = at + 1 + number.length
  }
  return text + bytes.toString('utf8', done, bytes.length)
}

function visit(value: unknown, see: (kind: string, f: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see)
  else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) {
      const inner = fields(child)
      if (inner) see(key, inner)
      visit(child, see)
    }
  }
}

/** The tree without locations and with params in place: equal for clauses that differ in spaces and letter case only. */
function normalise(value: unknown, params: Record<string, string>, types: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => normalise(item, params, types))
  if (typeof value !== 'object' || value === null) return value
  const copy: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(value)) {
    if (key === 'location' || key.startsWith('rexpr_list_')) continue
    if (key === 'ParamRef') {
      const number = String(fields(child)?.['number'])
      copy[key] = [params[number], types.get(number)]
    } else copy[key] = normalise(child, params, types)
  }
  return copy
}
