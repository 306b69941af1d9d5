import 'server-only'
import { database, type Database } from '@/db/client'
import type { Viewer } from '@/lib/entity/viewer'
import type { Failure } from '@/lib/protocol/errors'
import { refuseForeignOrigin } from '../origin'
import { readJsonBody } from '../read-json'
import { guarded, refuse, thrownFailure } from '../respond'
import { authenticate } from '../viewer'
import { callerOf, type Caller } from './caller'
import type { Outcome } from './outcome'

/** An account form is a handful of short texts. */
const FORM_BYTES_MAX = 10_000

type Handler = (request: Request) => Promise<Response>

/** A door of account work for anybody: JSON in, `act`, and `answer` where it succeeded. */
export function openDoor<T extends object>(
  act: OpenWork<T>,
  answer: (value: T, caller: Caller, request: Request) => Response | Promise<Response>,
): Handler {
  return (request) =>
    guarded(request, async () => {
      const read = await readForm(request)
      if (!read.ok) return refuse(read.failure)
      const caller = callerOf(request.headers)
      const outcome = await act(database(), read.input, caller)
      return outcome.ok ? answer(outcome, caller, request) : refuse(outcome.failure)
    })
}

/** A door of account work for the signed-in person. */
export function viewerDoor<T extends object>(
  act: ViewerWork<T>,
  answer: (value: T, caller: Caller, request: Request) => Response | Promise<Response>,
): Handler {
  return (request) =>
    guarded(request, async () => {
      const read = await readForm(request)
      if (!read.ok) return refuse(read.failure)
      const who = await authenticate(request, null)
      if (!who.ok) return refuse(who.failure)
      const caller = callerOf(request.headers)
      const outcome = await act(database(), who.viewer, read.input, caller)
      return outcome.ok ? answer(outcome, caller, request) : refuse(outcome.failure)
    })
}

type OpenWork<T extends object, Input = unknown> = (db: Database, input: Input, caller: Caller) => Promise<Outcome<T>>
type ViewerWork<T extends object> = (
  db: Database,
  viewer: Viewer,
  input: unknown,
  caller: Caller,
) => Promise<Outcome<T>>

/** The same work for a form of the account pages: server actions have headers instead of a request. */
export function runForAnybody<T extends object, Input>(
  act: OpenWork<T, Input>,
  input: Input,
  headers: Headers,
): Promise<Outcome<T>> {
  return answered(() => act(database(), input, callerOf(headers)))
}

/** The same for the signed-in person's forms. Failures: `signed_out` and those of the work. */
export async function runForViewer<T extends object>(
  act: ViewerWork<T>,
  input: unknown,
  headers: Headers,
): Promise<Outcome<T>> {
  return answered(async () => {
    const who = await authenticate(new Request('http://form', { headers }), null)
    return who.ok ? act(database(), who.viewer, input, callerOf(headers)) : who
  })
}

/** A form says in words what a page would fail with. */
async function answered<T extends object>(act: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await act()
  } catch (error) {
    console.error(error)
    return { ok: false, failure: thrownFailure(error) }
  }
}

type Form = { ok: true; input: unknown } | { ok: false; failure: Failure }

/** Reads a JSON body under the origin rule. Asking for JSON also keeps other sites' plain HTML forms out. */
async function readForm(request: Request): Promise<Form> {
  const foreign = refuseForeignOrigin(request)
  if (foreign) return { ok: false, failure: foreign }
  const body = await readJsonBody(request, FORM_BYTES_MAX)
  return body.ok ? { ok: true, input: body.value } : body
}
