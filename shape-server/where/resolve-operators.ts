import { flatten } from './arrays'
import { castImplicitly } from './casts'
import type { Expression } from './expression'
import { WhereError } from './expression'
import { fold } from './fold'
import { OPERATORS } from './functions'
import type { Run } from './functions'
import { chooseOverload } from './overloads'
import { fields, nodeList } from './parse'
import type { SyntaxFields, SyntaxNode } from './parse'
import { nameParts, settle } from './scope'
import type { Resolved, Scope } from './scope'
import { BOOL, isSameType, TEXT, typeText, UNKNOWN } from './types'
import type { WhereType } from './types'
import type { Value } from './values'

/** Operators, and the syntax that is made of them: IN, BETWEEN, ANY, IS DISTINCT FROM. */
export function resolveOperator(f: SyntaxFields, location: number, scope: Scope): Expression {
  const name = nameParts(f['name']).at(-1) ?? ''
  const left = f['lexpr'] === undefined ? null : scope.resolve(f['lexpr'] as SyntaxNode, scope)
  const kind = typeof f['kind'] === 'string' ? f['kind'] : ''
  const right = () => scope.resolve(f['rexpr'] as SyntaxNode, scope)
  const items = () =>
    nodeList(fields(fields(f['rexpr'])?.['List'])?.['items']).map((item) => scope.resolve(item, scope))
  if (!left) return operator(name, [right()], location, scope)
  switch (kind) {
    case 'AEXPR_OP':
      return operator(name, [left, right()], location, scope)
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      return operator(name, [keepPadding(left), right()], location, scope)
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_DISTINCT':
      return distinct(left, right(), kind === 'AEXPR_DISTINCT', location, scope)
    case 'AEXPR_IN':
      return inList(left, items(), name === '<>', location, scope)
    case 'AEXPR_BETWEEN':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return between(left, items(), kind, location, scope)
    case 'AEXPR_OP_ANY':
    case 'AEXPR_OP_ALL':
      return anyOrAll(name, left, right(), kind === 'AEXPR_OP_ANY', location, scope)
    default:
      throw new WhereError(location, `expression ${name} of :${kind} is not currently supported`)
  }
}

/** LIKE is the one comparison to which the padding of char(n) matters. */
function keepPadding(resolved: Resolved): Resolved {
  const isPadded = resolved.kind === 'column' && typeText(resolved.type) === 'bpchar'
  return isPadded ? { ...resolved, type: TEXT } : resolved
}

/** An operator on arguments, its overload chosen by their types. */
export function operator(name: string, args: Resolved[], location: number, scope: Scope): Expression {
  const choices = OPERATORS.get(`${name}/${String(args.length)}`)
  if (!choices) {
    throw new WhereError(location, `unknown ${args.length === 1 ? 'unary' : 'binary'} operator ${name}`)
  }
  const chosen = chooseOverload(choices, args.map(typeOf), true)
  if (!chosen) throw new WhereError(location, 'Could not select an operator overload')
  return fold({
    kind: 'call',
    name,
    type: chosen.returns,
    args: convert(args, chosen.args, scope),
    isStrict: chosen.overload.isStrict,
    run: chosen.overload.make(chosen.args),
    location,
  })
}

export function typeOf(resolved: Resolved): WhereType {
  return resolved.kind === 'untyped' ? UNKNOWN : resolved.type
}

/** Arguments in the types an overload takes. */
export function convert(args: Resolved[], types: WhereType[], scope: Scope): Expression[] {
  return args.map((arg, i) => {
    const type = types[i] ?? UNKNOWN
    return fold(castImplicitly(settle(arg, type, scope), type))
  })
}

function distinct(left: Resolved, right: Resolved, isDistinct: boolean, location: number, scope: Scope): Expression {
  const differs = operator('<>', [left, right], location, scope)
  // A literal NULL has made the comparison NULL; what is asked then is only whether the other side is.
  const sides = differs.kind === 'call' ? differs.args : [settle(left, null, scope), settle(right, null, scope)]
  const run: Run = (a, b, plain) => {
    const found = a === null && b === null ? false : a === null || b === null ? true : plain === true
    return found === isDistinct
  }
  const name = isDistinct ? 'values_distinct?' : 'values_not_distinct?'
  return fold({ kind: 'call', name, type: BOOL, args: [...sides, differs], isStrict: false, run, location })
}

function inList(left: Resolved, items: Resolved[], isNegated: boolean, location: number, scope: Scope): Expression {
  const comparisons = items.map((item) => operator('=', [left, item], location, scope))
  const found = fold({ kind: 'or', type: BOOL, args: comparisons, location })
  return isNegated ? fold({ kind: 'not', type: BOOL, args: [found], location }) : found
}

function between(left: Resolved, bounds: Resolved[], kind: string, location: number, scope: Scope): Expression {
  const [low, high] = bounds
  if (!low || !high) throw new WhereError(location, 'BETWEEN needs two bounds')
  const within = (from: Resolved, to: Resolved) =>
    fold({
      kind: 'and',
      type: BOOL,
      args: [operator('<=', [from, left], location, scope), operator('<=', [left, to], location, scope)],
      location,
    })
  const plain = within(low, high)
  const found = kind.endsWith('_SYM')
    ? fold({ kind: 'or', type: BOOL, args: [plain, within(high, low)], location })
    : plain
  return kind.startsWith('AEXPR_NOT') ? fold({ kind: 'not', type: BOOL, args: [found], location }) : found
}

/** `left op ANY (array)`: the operator is chosen for the array's elements. */
function anyOrAll(
  name: string,
  left: Resolved,
  right: Resolved,
  isAny: boolean,
  location: number,
  scope: Scope,
): Expression {
  const rightType = typeOf(right)
  if (rightType.kind !== 'array' && rightType.kind !== 'unknown') {
    throw new WhereError(right.location, 'argument of ANY must be an array')
  }
  const choices = OPERATORS.get(`${name}/2`)
  if (!choices) throw new WhereError(location, `unknown binary operator ${name}`)
  const element = rightType.kind === 'array' ? rightType.of : UNKNOWN
  const chosen = chooseOverload(choices, [typeOf(left), element], true)
  if (!chosen) throw new WhereError(location, 'Could not select an operator overload')
  if (!isSameType(chosen.returns, BOOL)) throw new WhereError(location, 'ANY/ALL requires operator that returns bool')
  const [leftType = UNKNOWN, itemType = UNKNOWN] = chosen.args
  const args = convert([left, right], [leftType, { kind: 'array', of: itemType }], scope)
  const test = chosen.overload.make(chosen.args)
  return fold({
    kind: 'call',
    name: isAny ? 'any' : 'all',
    type: BOOL,
    args,
    // Over an empty array the answer is known, whatever the left side is.
    isStrict: false,
    run: quantified(test, isAny),
    location,
  })
}

function quantified(test: Run, isAny: boolean): Run {
  return (value = null, array) => {
    if (!Array.isArray(array)) return null
    const items = flatten<Value>(array)
    if (items.length > 0 && value === null) return null
    let result: boolean | null = !isAny
    for (const item of items) {
      const found = item === null ? null : test(value, item)
      if (found === isAny) return isAny
      if (found === null) result = null
    }
    return result
  }
}
