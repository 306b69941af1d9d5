import type { Expression } from './expression'
import { WhereError } from './expression'
import { evaluator } from './evaluate'

/** Computes what is constant already. */
export function fold(expression: Expression): Expression {
  if (!('args' in expression) || expression.kind === 'member') return expression
  const { args, type, location } = expression
  const hasNull = args.some((arg) => arg.kind === 'constant' && arg.value === null)
  if (expression.kind === 'call' && expression.isStrict && hasNull)
    return { kind: 'constant', type, value: null, location }
  if (!args.every((arg) => arg.kind === 'constant')) return expression
  try {
    return { kind: 'constant', type, value: evaluator(expression)([], NO_SETS), location }
  } catch {
    throw new WhereError(location, 'Failed to apply function to constant arguments')
  }
}

const NO_SETS: ReadonlySet<string>[] = []
