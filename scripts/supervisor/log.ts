const COLOURS = { supervisor: 36, postgres: 34, database: 34, sync: 35, app: 32 } as const

export type PartName = keyof typeof COLOURS

/** Writes one line of one part. */
export type Log = (part: PartName, line: string) => void

/** One log for all parts, each line behind the name of its part; coloured in a terminal. */
export function createLog(output: NodeJS.WritableStream & { isTTY?: boolean }, environment: NodeJS.ProcessEnv): Log {
  const coloured = output.isTTY === true && environment.NO_COLOR === undefined
  return (part, line) => {
    const prefix = `${part.padEnd(10)} | `
    output.write(`${coloured ? `\u001B[${COLOURS[part]}m${prefix}\u001B[0m` : prefix}${line}\n`)
  }
}

/** A sync service log line, which is JSON, in one readable line; anything else as it is. */
export function readableJsonLine(line: string): string {
  const entry = parseObject(line)
  if (entry === undefined) return line
  const { level, event, time: _time, ...rest } = entry
  const details = Object.entries(rest).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  return [
    typeof level === 'string' && level !== 'info' ? level.toUpperCase() : '',
    typeof event === 'string' ? event : '',
    ...details,
  ]
    .filter(Boolean)
    .join(' ')
}

/**
 * Tells which of PostgreSQL's lines people need: warnings and worse, with the lines that explain them. What it does every day (starting,
 * checkpoints, replication) it logs as LOG.
 */
export function createPostgresFilter(): (line: string) => boolean {
  let isTelling = false
  return (line) => {
    const severity = /^([A-Z]+):/.exec(line)?.[1]
    if (severity === undefined || EXPLANATIONS.includes(severity)) return isTelling
    isTelling = severity !== 'LOG'
    return isTelling
  }
}

/** Whether a line of Next says something: not one that only moves the cursor, and not its advice to rename middleware.ts, a fixed name. */
export function isTellingOfNext(line: string): boolean {
  // oxlint-disable-next-line no-control-regex -- that is what a terminal's commands begin with
  const text = line.replace(/\u001B\[[?\d;]*[A-Za-z]/g, '').trim()
  return text !== '' && !/"middleware" file convention|^To migrate automatically|middleware-to-proxy/.test(text)
}

/** They follow a line with a severity and belong to it. */
const EXPLANATIONS = ['DETAIL', 'HINT', 'STATEMENT', 'CONTEXT', 'QUERY', 'LOCATION']

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
