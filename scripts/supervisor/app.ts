import { takeBuild } from '../build/ensure-build'
import { startChild } from '../process/child'
import { freePort } from '../process/free-port'
import { waitUntilOk } from '../process/wait-until-ok'
import { type Context, type Mode, readyOrEnded, type RunningPart } from './context'
import type { Database } from './database'
import { dropStaleDevBuild } from './dev-build'
import { isTellingOfNext } from './log'
import { loadSecrets } from './secrets'
import type { SyncService } from './sync-service'

/** The first page of a development server is compiled when it is asked for. */
const READY_MS = 180_000
/**
 * Open polls would keep `next start` for 20 s: the sync service is gone by then and there is nothing to wait for. `next dev` kills its
 * own server after 0.1 s, but leaves a process behind that counts the session: it is killed with all it started.
 */
const STOP_GRACE_MS = { start: 1500, dev: 0 }

/** Starts Next.js, the production build in `start` mode, and returns the address people open. */
export async function startApp(context: Context, database: Database, sync: SyncService): Promise<string> {
  const { mode, settings, log } = context
  const build =
    mode === 'start'
      ? await takeBuild({ root: context.root, onLine: (line) => log('app', line), signal: context.signal })
      : undefined
  if (mode === 'dev' && dropStaleDevBuild(context.root))
    log('app', 'routes or packages are others than last time: compiling anew')
  const port = settings.ports.app === 0 ? await freePort() : settings.ports.app
  log('app', mode === 'dev' ? 'starting Next.js (the first page takes some seconds to compile)' : 'starting Next.js')
  const child = startChild({
    command: process.execPath,
    // Not through npx: that would leave the server behind when it is killed.
    args: ['node_modules/next/dist/bin/next', mode, '--port', String(port)],
    cwd: context.root,
    env: appEnvironment({
      mode,
      database,
      sync,
      authSecret: settings.authSecret ?? loadSecrets(settings.dataDir).authSecret,
      distDir: build?.distDir,
    }),
    onLine: (line) => {
      if (isTellingOfNext(line)) log('app', line)
    },
    orphanSignal: 'KILL',
  })
  const stop = async () => {
    await child.stop(STOP_GRACE_MS[mode])
    build?.release()
  }
  const part: RunningPart = { name: 'app', exited: child.exited, stop }
  context.running(part)
  const health = `http://127.0.0.1:${port}/api/health`
  await readyOrEnded(part, 'The app', waitUntilOk({ url: health, limitMs: READY_MS, signal: context.signal }))
  return `http://localhost:${port}`
}

export type AppEnvironment = {
  mode: Mode
  database: Pick<Database, 'appUrl'>
  sync: SyncService
  authSecret: string
  /** The copy of the production build to serve. */
  distDir: string | undefined
}

/** The app's variables: ours where we started the part, the person's own for all else. The owner's database URL is not the app's business. */
export function appEnvironment({ mode, database, sync, authSecret, distDir }: AppEnvironment): NodeJS.ProcessEnv {
  return {
    ...process.env,
    NODE_ENV: mode === 'dev' ? 'development' : 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    NEXT_DIST_DIR: distDir ?? '',
    DATABASE_URL: database.appUrl,
    DATABASE_URL_UNPOOLED: '',
    ELECTRIC_DATABASE_URL: '',
    ELECTRIC_URL: sync.url,
    ELECTRIC_SECRET: sync.secret ?? '',
    AUTH_SECRET: authSecret,
    // Without a fixed origin next-auth takes the request's own host.
    AUTH_TRUST_HOST: process.env.NEXTAUTH_URL ? (process.env.AUTH_TRUST_HOST ?? '') : '1',
  }
}
