import { ConfigError, readConfig, SETTINGS } from './config'
import { createLog, errorText } from './log'
import { openShapeServer } from './server'

const STOP_MS = 900

// Whoever read the log may be gone; that is no reason to stop.
process.stdout.on('error', () => undefined)

if (process.argv.includes('--help') || process.argv.includes('-h')) {
  process.stdout.write(helpText())
} else {
  await run()
}

async function run(): Promise<void> {
  try {
    const config = readConfig(process.env)
    const log = createLog(config.logLevel)
    const server = await openShapeServer(config, log)
    const stop = (signal: string) => {
      log.info('stopping', { signal })
      setTimeout(() => process.exit(0), STOP_MS)
      void server.stop().then(() => process.exit(0))
    }
    process.once('SIGTERM', () => stop('SIGTERM'))
    process.once('SIGINT', () => stop('SIGINT'))
  } catch (error) {
    process.stderr.write(
      `${error instanceof ConfigError ? error.message : `The shape server cannot start: ${errorText(error)}`}\n`,
    )
    process.exit(1)
  }
}

function helpText(): string {
  const width = Math.max(...SETTINGS.map((setting) => setting.name.length))
  const lines = SETTINGS.map(
    ({ name, fallback, help }) => `  ${name.padEnd(width)}  ${help}${fallback === '' ? '' : ` (${fallback})`}`,
  )
  return `Usage: npm run shape-server

An Electric-compatible sync service: serves shapes of a Postgres database over HTTP.
Settings are environment variables, the same as Electric's:

${lines.join('\n')}
`
}
