'use client'

import { readErrorBody } from '@/lib/protocol/errors'

/** How account work ended: done, or words for the person and, per field, what is wrong. */
export type AccountAnswer =
  { kind: 'done' } | { kind: 'refused'; message: string; fieldErrors: Readonly<Record<string, string>> }

const UNREACHABLE: AccountAnswer = {
  kind: 'refused',
  message: 'The server cannot be reached. Account changes need a connection; try again when you have one.',
  fieldErrors: {},
}

/** Asks one of the doors under /api/auth. */
export async function askAccountDoor(
  method: 'POST' | 'PATCH' | 'DELETE',
  path: string,
  form: Record<string, unknown>,
): Promise<AccountAnswer> {
  const response = await fetch(`/api/auth/${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(form),
  }).catch(() => null)
  if (!response) return UNREACHABLE
  if (response.ok) return { kind: 'done' }
  const error = readErrorBody(await response.json().catch(() => null))
  if (!error) return UNREACHABLE
  return { kind: 'refused', message: error.message, fieldErrors: byField(error.issues ?? []) }
}

/** Issues are `<field>: <what>`. */
function byField(issues: readonly string[]): Record<string, string> {
  const errors: Record<string, string> = {}
  for (const issue of issues) {
    const [field, ...what] = issue.split(': ')
    if (field !== undefined && what.length > 0) errors[field] ??= what.join(': ')
  }
  return errors
}
