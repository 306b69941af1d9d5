import 'server-only'
import { RefusedByDatabase } from './apply'
import { forbidden, invalid, KEY_TAKEN, type Rejection } from './outcome'

/** What a failed transaction means: try again as it is, look for the write that the database refuses, or give up. */
export type FailureKind = { kind: 'retry' } | { kind: 'refused'; rejection: Rejection } | { kind: 'broken' }

const DEADLOCK_DETECTED = '40P01'
const SERIALIZATION_FAILURE = '40001'
const INSUFFICIENT_PRIVILEGE = '42501'
const UNIQUE_VIOLATION = '23505'
const FOREIGN_KEY_VIOLATION = '23503'

/** Decides by the SQLSTATE, never by the message. https://www.postgresql.org/docs/current/errcodes-appendix.html */
export function failureKind(error: unknown): FailureKind {
  if (error instanceof RefusedByDatabase) return { kind: 'refused', rejection: forbidden() }
  const code = sqlState(error)
  if (code === DEADLOCK_DETECTED || code === SERIALIZATION_FAILURE) return { kind: 'retry' }
  if (code === INSUFFICIENT_PRIVILEGE) return { kind: 'refused', rejection: forbidden(reasonGiven(error)) }
  if (code === UNIQUE_VIOLATION) return { kind: 'refused', rejection: invalid(whatIsThere(error)) }
  if (code === FOREIGN_KEY_VIOLATION) {
    return { kind: 'refused', rejection: invalid('values: name something that does not belong here') }
  }
  // 22: data exceptions, 23: constraints.
  if (code?.startsWith('22') || code?.startsWith('23')) {
    return { kind: 'refused', rejection: invalid('values: cannot be stored') }
  }
  return { kind: 'broken' }
}

/** Taken keys are told in the words of the plan: whose row it is must not show. */
function whatIsThere(error: unknown): string {
  const constraint = constraintOf(error)
  return constraint === null || constraint.endsWith('_pkey') ? KEY_TAKEN : 'values: name what there is already'
}

/** The constraint that a statement met; null where a rule of ours refused it. */
function constraintOf(error: unknown): string | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('constraint' in each && typeof each.constraint === 'string') return each.constraint
  }
  return null
}

/** The sentence a rule of ours gave (app.refuse raises it, for people); what Postgres says by itself is not passed on. */
function reasonGiven(error: unknown): string | undefined {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('routine' in each && each.routine === RAISED_BY_US) return `${each.message}.`
  }
  return undefined
}

// Where PL/pgSQL's RAISE makes an error; policies and grants fail elsewhere.
const RAISED_BY_US = 'exec_stmt_raise'

/** The SQLSTATE of an error of either driver; drizzle wraps them. */
function sqlState(error: unknown): string | null {
  for (let each = error; each instanceof Error; each = each.cause) {
    if ('code' in each && typeof each.code === 'string' && /^[0-9A-Z]{5}$/.test(each.code)) return each.code
  }
  return null
}
