import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readCompose } from '@/scripts/containers/compose'
import { readDockerfile, type Stage } from '@/scripts/containers/dockerfile'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@/scripts/postgres/embedded'
import { type RunningChild, startChild } from '@/scripts/process/child'
import { freePort } from '@/scripts/process/free-port'
import { waitUntilOk } from '@/scripts/process/wait-until-ok'

// There is no container engine where tests run: every command of Dockerfile and docker-compose.yml runs here outside containers, in
// directories of its own, with the environment it would have; host names become ports of this machine.

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const run = promisify(execFile)
const BUILD_LIMIT_MS = 900_000

const secrets = {
  POSTGRES_PASSWORD: 'postgresPassword',
  OWNER_PASSWORD: 'ownerPassword',
  APP_PASSWORD: 'appPassword',
  ELECTRIC_PASSWORD: 'electricPassword',
  ELECTRIC_SECRET: 'electricSecretElectricSecret',
  AUTH_SECRET: 'authSecretAuthSecretAuthSecret',
}
const { services } = readCompose(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), secrets)
const machine = mkdtempSync(join(tmpdir(), `backline-test-${process.pid}-containers-`))
const ports = { postgres: 0, electric: 0, app: 0 }
const running: RunningChild[] = []
let postgres: EmbeddedPostgres | undefined

beforeAll(async () => {
  const stages = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))
  for (const stage of stages) await buildStage(stage)
}, BUILD_LIMIT_MS)

afterAll(async () => {
  for (const child of running.toReversed()) await child.stop(0)
  await postgres?.stop('immediate')
  rmSync(machine, { recursive: true, force: true })
})

test('postgres starts with its command and is healthy', async () => {
  const [program, ...flags] = services.postgres?.command ?? []
  expect(program).toBe('postgres')
  const settings = Object.fromEntries(
    flags.filter((flag) => flag !== '-c').map((flag) => flag.split('=') as [string, string]),
  )
  postgres = await startEmbeddedPostgres({
    dataDir: join(machine, 'postgres'),
    settings,
    password: secrets.POSTGRES_PASSWORD,
  })
  ports.postgres = postgres.port
  const [, ...healthcheck] = services.postgres?.healthcheck?.test ?? []
  await runOrMissing(healthcheck.map((word) => (word === '--port=5432' ? `--port=${ports.postgres}` : word)))
})

test('migrate makes the roles, the database and the tables, and changes nothing the second time', async () => {
  for (let time = 1; time <= 2; time += 1) {
    const { stdout } = await command(services.migrate?.command ?? [], environmentOf('migrate'))
    expect(stdout).toContain('The database is up to date.')
  }
})

test('electric finds a database it can follow, and its health check passes', async () => {
  ports.electric = await freePort()
  // The container's own program is not here: the embedded one keeps the same contract.
  start(process.execPath, ['scripts/run.mjs', 'shape-server/main.ts'], root, {
    ...environmentOf('electric'),
    ELECTRIC_PORT: String(ports.electric),
    ELECTRIC_STORAGE_DIR: join(machine, 'shapes'),
  })
  await healthy(`http://127.0.0.1:${ports.electric}/v1/health`)
  const [kind, script = ''] = services.electric?.healthcheck?.test ?? []
  expect(kind).toBe('CMD-SHELL')
  await run('/bin/sh', ['-c', script], { env: { ...process.env, ELECTRIC_PORT: String(ports.electric) } })
})

test('the app starts from the image, is healthy, and answers signed-out people in our envelope', async () => {
  ports.app = await freePort()
  const image = stageOf('app')
  const environment = { ...image.environment, ...environmentOf('app'), PORT: String(ports.app), HOSTNAME: '127.0.0.1' }
  const [program = '', ...args] = image.command
  start(program, args, directoryOf('app'), environment)
  await healthy(`http://127.0.0.1:${ports.app}/api/health`)
  await run('/bin/sh', ['-c', image.healthcheck], { env: { ...process.env, ...environment } })
  const me = await fetch(`http://127.0.0.1:${ports.app}/api/me`)
  expect(me.status).toBe(401)
  expect(await me.json()).toMatchObject({ error: { code: 'signed_out' } })
  const page = await fetch(`http://127.0.0.1:${ports.app}/songs`)
  expect(page.status).toBe(200)
  expect(page.headers.get('content-security-policy')).toMatch(/script-src 'self' 'sha256-/)
})

test('the health check of the image fails where the app does not answer', async () => {
  const environment = { ...process.env, PORT: String(await freePort()) }
  await expect(run('/bin/sh', ['-c', stageOf('app').healthcheck], { env: environment })).rejects.toMatchObject({
    code: 1,
  })
})

function stageOf(name: string): Stage {
  const stage = readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8')).find(
    (candidate) => candidate.name === name,
  )
  if (stage === undefined) throw new Error(`The Dockerfile has no stage ${name}`)
  return stage
}

/** Where a stage's working directory is on this machine. */
function directoryOf(stage: string): string {
  return join(machine, stage, stageOf(stage).workdir)
}

async function buildStage(stage: Stage): Promise<void> {
  const directory = directoryOf(stage.name)
  mkdirSync(directory, { recursive: true })
  for (const step of stage.steps) {
    if (step.kind === 'copy') {
      for (const source of step.sources) copy(step.from, source, directory, step.target)
    } else {
      // Packages of this project's own installation are in npm's cache.
      const env = { ...process.env, ...stage.environment, npm_config_prefer_offline: 'true' }
      // vitest says `test`; with it npm and Next would leave things out.
      Reflect.deleteProperty(env, 'NODE_ENV')
      await run('/bin/sh', ['-c', step.command], { cwd: directory, env, maxBuffer: 64 * 1024 * 1024 })
    }
  }
}

function copy(from: string | undefined, source: string, directory: string, target: string): void {
  if (from !== undefined) return cpSync(join(machine, from, source), join(directory, target), { recursive: true })
  if (source !== '.') return cpSync(join(root, source), join(directory, target, source))
  const kept = readFileSync(join(root, '.dockerignore'), 'utf8').matchAll(/^!(.+)$/gm)
  for (const [, name = ''] of kept) {
    if (!existsSync(join(root, name))) continue
    cpSync(join(root, name), join(directory, name), {
      recursive: true,
      force: true,
      filter: (path) => !/\.test\.tsx?$/.test(path),
    })
  }
}

/** A service's variables, its neighbours' host names replaced by ports of this machine. */
function environmentOf(service: string): NodeJS.ProcessEnv {
  const given = Object.entries(services[service]?.environment ?? {}).map(([name, value]) => {
    const moved = String(value)
      .replace('@postgres:5432', `@127.0.0.1:${ports.postgres}`)
      .replace('//electric:3000', `//127.0.0.1:${ports.electric}`)
    return [name, moved]
  })
  return { PATH: process.env.PATH, NODE_ENV: 'production', ...Object.fromEntries(given) }
}

async function command([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv) {
  return run(program, args, { cwd: directoryOf('app'), env })
}

function start(program: string, args: string[], cwd: string, env: NodeJS.ProcessEnv): void {
  running.push(startChild({ command: program, args, cwd, env, onLine: (line) => console.log(line) }))
}

async function healthy(url: string): Promise<void> {
  await waitUntilOk({ url, limitMs: 120_000, signal: new AbortController().signal })
}

/** The database's image brings this client along, this machine perhaps not. */
async function runOrMissing([program = '', ...args]: readonly string[]): Promise<void> {
  await run(program, args).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
  })
}
