/** Structured log: one JSON object per line on stdout. */

export type LogLevel = 'debug' | 'info' | 'warning' | 'error'

export interface Log {
  debug(event: string, fields?: LogFields): void
  info(event: string, fields?: LogFields): void
  warning(event: string, fields?: LogFields): void
  error(event: string, fields?: LogFields): void
}

export type LogFields = Record<string, unknown>

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warning: 2, error: 3 }

/** A log that writes lines at or above `level` through `write` (stdout unless given). */
export function createLog(level: LogLevel, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const at = (own: LogLevel) => (event: string, fields?: LogFields) => {
    if (RANK[own] < RANK[level]) return
    write(`${JSON.stringify({ time: new Date().toISOString(), level: own, event, ...fields })}\n`)
  }
  return { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') }
}

/** The words of an unknown thrown value. */
export function errorText(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(errorText).join('; ')
  return error instanceof Error ? error.message : String(error)
}
