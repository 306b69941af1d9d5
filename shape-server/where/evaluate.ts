import type { Row } from '../encoding/message'
import type { Expression } from './expression'
import { unreachable } from '@/lib/protocol/unreachable'
import { columnReader } from './values'
import type { Value } from './values'

/** Sets that the clause's subqueries gave, as `tupleKey`s. */
export type MemberSets = readonly ReadonlySet<string>[]

export type Evaluator = (row: Row, sets: MemberSets) => Value

/** Makes a function of an expression. It may throw on a row, as division by zero does. */
export function evaluator(expression: Expression): Evaluator {
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression
      return () => value
    }
    case 'column': {
      const { index } = expression
      const read = columnReader(expression.type)
      return (row) => {
        const text = row[index] ?? null
        return text === null ? null : read(text)
      }
    }
    case 'call':
      return callEvaluator(expression)
    case 'and':
      return junction(expression.args.map(evaluator), true)
    case 'or':
      return junction(expression.args.map(evaluator), false)
    case 'not': {
      const [arg = expression] = expression.args
      const run = evaluator(arg)
      return (row, sets) => {
        const value = run(row, sets)
        return value === null ? null : value !== true
      }
    }
    case 'member':
      return memberEvaluator(expression)
    default:
      return unreachable(expression)
  }
}

function callEvaluator(expression: Expression & { kind: 'call' }): Evaluator {
  const { run, isStrict } = expression
  const args = expression.args.map(evaluator)
  const [first, second] = args
  if (args.length === 1 && first) {
    return (row, sets) => {
      const value = first(row, sets)
      return isStrict && value === null ? null : run(value)
    }
  }
  if (args.length === 2 && first && second) {
    return (row, sets) => {
      const left = first(row, sets)
      if (isStrict && left === null) return null
      const right = second(row, sets)
      return isStrict && right === null ? null : run(left, right)
    }
  }
  return (row, sets) => {
    const values = args.map((arg) => arg(row, sets))
    return isStrict && values.includes(null) ? null : run(...values)
  }
}

/** AND ends at the first false, OR at the first true; otherwise one null makes it null. */
function junction(args: Evaluator[], isAnd: boolean): Evaluator {
  return (row, sets) => {
    let result: boolean | null = isAnd
    for (const arg of args) {
      const value = arg(row, sets)
      if (value === !isAnd) return !isAnd
      if (value === null) result = null
    }
    return result
  }
}

function memberEvaluator(expression: Expression & { kind: 'member' }): Evaluator {
  const places = expression.args.map((arg) => (arg.kind === 'column' ? arg.index : -1))
  const { subquery } = expression
  return (row, sets) => {
    const values = places.map((place) => row[place] ?? null)
    const set = sets[subquery]
    if (!set) throw new Error('the subquery was not read')
    if (set.size === 0) return false
    if (values.includes(null)) return null
    if (set.has(tupleKey(values))) return true
    return set.has(HAS_NULL) ? null : false
  }
}

/** Stands in a set for rows that hold a null: nothing is surely outside such a set. */
export const HAS_NULL = '\u0000null'

/** One text for several values. */
export function tupleKey(values: (string | null)[]): string {
  return values.length === 1 ? (values[0] ?? HAS_NULL) : JSON.stringify(values)
}
