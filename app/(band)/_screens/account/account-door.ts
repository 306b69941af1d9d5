'use client'

import { fieldErrors } from '@/app/field-errors'
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
  return { kind: 'refused', message: error.message, fieldErrors: fieldErrors(error.issues ?? []) }
}
