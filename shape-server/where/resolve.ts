import { castExplicitly, literalAs } from './casts'
import { fold } from './fold'
import type { Expression, Untyped } from './expression'
import { WhereError, writeName } from './expression'
import { arrayExpression, conditional, functionCall, indirection } from './resolve-calls'
import { resolveOperator } from './resolve-operators'
import { fields, nodeList, openNode } from './parse'
import type { SyntaxFields, SyntaxNode } from './parse'
import { asBool, nameParts, resolveAlone, settle } from './scope'
import type { Resolved, Scope } from './scope'
import { readSubquery } from './subquery'
import { BOOL, CAST_TARGETS, columnType, isSameType, parseType, typeText } from './types'
import type { WhereType } from './types'

/** Types one node of the syntax tree. */
export function resolve(node: SyntaxNode, scope: Scope): Resolved {
  const { kind, fields: f } = openNode(node)
  const location = Number(f['location'] ?? 0)
  switch (kind) {
    case 'A_Const':
      return constant(f, location)
    case 'ParamRef':
      return param(f, location, scope)
    case 'ColumnRef':
      return columnRef(f, location, scope)
    case 'TypeCast':
      return typeCast(f, scope)
    case 'BoolExpr':
      return boolExpr(f, location, scope)
    case 'NullTest':
      return nullTest(f, location, scope)
    case 'BooleanTest':
      return booleanTest(f, location, scope)
    case 'A_Expr':
      return resolveOperator(f, location, scope)
    case 'A_ArrayExpr':
      return arrayExpression(f, location, scope)
    case 'A_Indirection':
      return indirection(f, scope)
    case 'FuncCall':
      return functionCall(f, location, scope)
    case 'CoalesceExpr':
    case 'MinMaxExpr':
      return conditional(kind, f, location, scope)
    case 'SubLink':
      return readSubquery(f, location, scope)
    default:
      throw new WhereError(location, `${kind} is not supported in this context`)
  }
}

function constant(f: SyntaxFields, location: number): Resolved {
  if (f['isnull'] === true) return { kind: 'untyped', text: null, param: null, location }
  const integer = fields(f['ival'])
  if (integer) return { kind: 'constant', type: parseType('int4'), value: Number(integer['ival'] ?? 0), location }
  const boolean = fields(f['boolval'])
  if (boolean) return { kind: 'constant', type: BOOL, value: boolean['boolval'] === true, location }
  const decimal = fields(f['fval'])?.['fval']
  if (typeof decimal === 'string') return decimalConstant(decimal, location)
  if (f['bsval'] !== undefined) throw new WhereError(location, 'BitString values are not supported')
  const text = fields(f['sval'])?.['sval']
  return { kind: 'untyped', text: typeof text === 'string' ? text : '', param: null, location }
}

/** The grammar gives integers beyond int4 as decimals. */
function decimalConstant(text: string, location: number): Expression {
  const literal: Untyped = { kind: 'untyped', text, param: null, location }
  if (/^\d+$/.test(text) && BigInt(text) < 2n ** 63n) return literalAs(literal, parseType('int8'))
  return literalAs({ ...literal, text: text.replace(/^\./, '0.').replace(/\.$/, '') }, parseType('numeric'))
}

function param(f: SyntaxFields, location: number, scope: Scope): Resolved {
  const number = Number(f['number'] ?? 0)
  const text = scope.params[String(number)]
  if (text === undefined) throw new WhereError(location, `parameter $${String(number)} was not provided`)
  scope.usedParams.add(number)
  const type = scope.paramTypes.get(number)
  const untyped: Untyped = { kind: 'untyped', text, param: number, location }
  return type ? literalAs(untyped, type) : untyped
}

function columnRef(f: SyntaxFields, location: number, scope: Scope): Expression {
  const path = nodeList(f['fields']).map((part) => (part['A_Star'] ? '*' : (nameParts([part])[0] ?? '')))
  const index = path.length === 1 ? scope.table.columns.findIndex((column) => column.name === path[0]) : -1
  const column = scope.table.columns[index]
  if (!column) throw new WhereError(location, `unknown reference ${writeName(path)}`)
  return { kind: 'column', type: columnType(column), index, name: column.name, location }
}

function typeCast(f: SyntaxFields, scope: Scope): Expression {
  const typeName = fields(f['typeName']) ?? {}
  const names = nameParts(typeName['names'])
  const name = names.length === 2 && names[0] === 'pg_catalog' ? names[1] : names.length === 1 ? names[0] : undefined
  if (name === undefined || !CAST_TARGETS.has(name)) {
    throw new WhereError(Number(typeName['location'] ?? 0), `unsupported type ${writeName(names)}`)
  }
  const base = parseType(name)
  const type: WhereType = nodeList(typeName['arrayBounds']).length > 0 ? { kind: 'array', of: base } : base
  return fold(castExplicitly(resolveAlone(f['arg'], scope), type))
}

function boolExpr(f: SyntaxFields, location: number, scope: Scope): Expression {
  const args = nodeList(f['args']).map((arg) => asBool(resolve(arg, scope), scope))
  if (f['boolop'] === 'NOT_EXPR') return fold({ kind: 'not', type: BOOL, args, location })
  return fold({ kind: f['boolop'] === 'OR_EXPR' ? 'or' : 'and', type: BOOL, args, location })
}

function nullTest(f: SyntaxFields, location: number, scope: Scope): Expression {
  const isNull = f['nulltesttype'] === 'IS_NULL'
  const arg = resolveAlone(f['arg'], scope)
  return fold({
    kind: 'call',
    name: isNull ? 'IS_NULL' : 'IS_NOT_NULL',
    type: BOOL,
    args: [arg],
    isStrict: false,
    run: (value) => (value === null) === isNull,
    location,
  })
}

const BOOLEAN_TESTS: Record<string, (value: unknown) => boolean> = {
  IS_TRUE: (value) => value === true,
  IS_NOT_TRUE: (value) => value !== true,
  IS_FALSE: (value) => value === false,
  IS_NOT_FALSE: (value) => value !== false,
  IS_UNKNOWN: (value) => value === null,
  IS_NOT_UNKNOWN: (value) => value !== null,
}

function booleanTest(f: SyntaxFields, location: number, scope: Scope): Expression {
  const name = typeof f['booltesttype'] === 'string' ? f['booltesttype'] : 'IS_TRUE'
  const arg = settle(resolve(f['arg'] as SyntaxNode, scope), BOOL, scope)
  const test = BOOLEAN_TESTS[name]
  if (!test || !isSameType(arg.type, BOOL)) {
    const words = name.replaceAll('_', ' ')
    throw new WhereError(location, `argument of ${words} must be bool, not ${typeText(arg.type)}`)
  }
  return fold({
    kind: 'call',
    name,
    type: BOOL,
    args: [arg],
    isStrict: false,
    run: (value) => test(value ?? null),
    location,
  })
}
