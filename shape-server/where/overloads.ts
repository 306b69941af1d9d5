import type { Overload } from './functions'
import { BOOL, categoryOf, isImplicitlyCastable, isPreferred, isSameType, parseType, TEXT } from './types'
import type { WhereType } from './types'

/** An overload whose polymorphic types are settled. */
export interface Chosen {
  overload: Overload
  args: WhereType[]
  returns: WhereType
}

/**
 * Chooses among overloads as Postgres does: an exact match, then by implicit casts, most exact arguments, preferred types, and what the
 * other side suggests for untyped literals. https://www.postgresql.org/docs/current/typeconv-oper.html
 */
export function chooseOverload(choices: Overload[], args: WhereType[], isOperator: boolean): Chosen | null {
  const isUnknown = args.map((arg) => arg.kind === 'unknown')
  const known = args.find((arg) => arg.kind !== 'unknown')
  const isExact = (types: WhereType[]) => (choice: Overload) =>
    choice.args.every((arg, i) => types[i] !== undefined && isSameType(arg, types[i]))
  const toChosen = (overload: Overload): Chosen => ({ overload, args: overload.args, returns: overload.returns })
  if (!isUnknown.includes(true)) {
    const exact = choices.find(isExact(args))
    if (exact) return toChosen(exact)
  } else if (isOperator && known && args.length === 2) {
    const assumed = choices.find(isExact([known, known]))
    if (assumed) return toChosen(assumed)
  }
  let left = castable(choices, args)
  if (left.length > 1) left = allBest(left, (choice) => count(choice, args, (own, arg) => isSameType(own, arg)))
  if (left.length > 1) {
    left = allBest(left, (choice) => count(choice, args, (own, arg) => !isSameType(own, arg) && isPreferred(own)))
  }
  if (left.length > 1 && isUnknown.includes(true)) left = byUnknownCategories(left, isUnknown)
  if (left.length > 1 && known && isUnknown.includes(true)) {
    const isOneType = args.every((arg) => arg.kind === 'unknown' || isSameType(arg, known))
    if (isOneType)
      left = castable(
        left.map((choice) => choice.overload),
        args.map(() => known),
      )
  }
  return left.length === 1 ? (left[0] ?? null) : null
}

function castable(choices: Overload[], args: WhereType[]): Chosen[] {
  return choices.map((choice) => settle(choice, args)).filter((found) => found !== null)
}

/** Settles polymorphic types for these arguments; null when one of them does not fit. */
function settle(overload: Overload, args: WhereType[]): Chosen | null {
  let simple: WhereType | null = null
  const compatible: WhereType[] = []
  for (const [i, target] of overload.args.entries()) {
    const arg = args[i]
    if (!arg || arg.kind === 'unknown') continue
    const name = target.kind === 'base' ? target.name : ''
    if (name === 'anyenum') {
      if (arg.kind !== 'enum' || (simple && !isSameType(simple, arg))) return null
      simple = arg
    } else if (name === 'anyarray') {
      if (arg.kind !== 'array' || (simple && !isSameType(simple, arg.of))) return null
      simple = arg.of
    } else if (name === 'anycompatiblearray') {
      if (arg.kind !== 'array') return null
      compatible.push(arg.of)
    } else if (name === 'anycompatible') {
      if (arg.kind === 'array') return null
      compatible.push(arg)
    } else if (!isImplicitlyCastable(arg, target)) return null
  }
  const common = unionType(compatible)
  if (common === null) return null
  const replace = (type: WhereType): WhereType => {
    if (type.kind !== 'base') return type
    switch (type.name) {
      case 'anyenum':
        return simple ?? TEXT
      case 'anyarray':
        return { kind: 'array', of: simple ?? TEXT }
      case 'anycompatiblearray':
        return { kind: 'array', of: common }
      case 'anycompatible':
        return common
      default:
        return type
    }
  }
  return { overload, args: overload.args.map(replace), returns: replace(overload.returns) }
}

/** The type that stands for several, as for ARRAY[…] and COALESCE; text for untyped ones only, null when they do not go together. */
export function unionType(types: WhereType[]): WhereType | null {
  let found: WhereType | null = null
  for (const type of types) {
    if (type.kind === 'unknown') continue
    if (!found || isSameType(found, type)) found = type
    else if (categoryOf(found) !== categoryOf(type)) return null
    else if (isImplicitlyCastable(found, type)) found = type
    else if (!isImplicitlyCastable(type, found)) return null
  }
  return found ?? TEXT
}

function count(choice: Chosen, args: WhereType[], counts: (own: WhereType, arg: WhereType) => boolean): number {
  return choice.args.filter((own, i) => counts(own, args[i] ?? parseType('unknown'))).length
}

function allBest(choices: Chosen[], score: (choice: Chosen) => number): Chosen[] {
  const best = Math.max(...choices.map(score))
  return choices.filter((choice) => score(choice) === best)
}

/** Literals without a type are taken for strings where that is possible, else for what all choices agree on. */
function byUnknownCategories(choices: Chosen[], isUnknown: boolean[]): Chosen[] {
  const wanted: (string | null)[] = []
  for (const [i, unknown] of isUnknown.entries()) {
    const categories = new Set(choices.map((choice) => categoryOf(choice.args[i] ?? BOOL)))
    if (!unknown) wanted.push(null)
    else if (categories.has('string')) wanted.push('string')
    else if (categories.size === 1) wanted.push([...categories][0] ?? null)
    else return choices
  }
  const left = choices.filter((choice) =>
    choice.args.every((arg, i) => wanted[i] === null || categoryOf(arg) === wanted[i]),
  )
  return left.length > 0 ? left : choices
}
