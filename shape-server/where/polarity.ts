import type { Expression } from './expression'
import type { Subquery } from './scope'

/** Whether a filter asks both for rows that a subquery returns and for rows that the same subquery does not return. */
export function hasMixedPolarity(filter: Expression, subqueries: readonly Subquery[]): boolean {
  const negatedByIdentity = new Map<string, boolean>()
  const isMixed = (expression: Expression, isNegated: boolean): boolean => {
    if (expression.kind === 'member') {
      const identity = subqueries[expression.subquery]?.identity ?? ''
      const before = negatedByIdentity.get(identity)
      negatedByIdentity.set(identity, isNegated)
      return before !== undefined && before !== isNegated
    }
    const isFlipped = expression.kind === 'not' ? !isNegated : isNegated
    return 'args' in expression && expression.args.some((arg) => isMixed(arg, isFlipped))
  }
  return isMixed(filter, false)
}
