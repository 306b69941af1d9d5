/**
 * Something that keeps a part from starting, told to a person: `message` says what happened, `advice` what to do about it.
 * Thrown, because nothing can go on without the part; `code` is what callers and tests decide by.
 */
export type StartErrorCode =
  'port-in-use' | 'already-running' | 'data-broken' | 'no-permission' | 'not-installed' | 'bad-setting' | 'part-failed'

export class StartError extends Error {
  override readonly name = 'StartError'

  constructor(
    readonly code: StartErrorCode,
    message: string,
    readonly advice: string,
  ) {
    super(message)
  }
}
