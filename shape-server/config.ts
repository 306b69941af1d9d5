import type { LogLevel } from './log'

/** Settings of the sync service, read once from Electric's own environment variables. */
export interface ShapeServerConfig {
  databaseUrl: string
  /** Ordinary queries (snapshots) may go through a pooler; replication may not. */
  pooledDatabaseUrl: string
  port: number
  host: string
  storage: { kind: 'memory' } | { kind: 'file'; dir: string }
  auth: { kind: 'secret'; secret: string } | { kind: 'insecure' }
  /** Names publication, slot and lock: `electric_slot_<stream id>`. */
  streamId: string
  /** The publication belongs to somebody else: never altered, only checked. */
  manualPublishing: boolean
  temporarySlot: boolean
  randomSlotName: boolean
  poolSize: number
  /** Time without transactions and requests after which the database is left alone; null is never. */
  replicationIdleMs: number | null
  chunkBytes: number
  longPollTimeoutMs: number
  sseTimeoutMs: number
  sseKeepaliveMs: number
  cacheMaxAgeSeconds: number
  cacheStaleAgeSeconds: number
  maxConcurrentInitial: number
  maxConcurrentExisting: number
  /** Least recently used shapes are dropped beyond it; null is unlimited. */
  maxShapes: number | null
  /** Bytes of shape logs beyond which the least recently used shapes are dropped; null is unlimited. */
  maxStorageBytes: number | null
  /** Bytes of a shape's log from which on it is compacted when it outgrows the snapshot; null is never. */
  compactLogBytes: number | null
  /** How often limits are looked at. */
  sweepMs: number
  deletesEnabled: boolean
  tcpReadTimeoutMs: number
  tcpSendTimeoutMs: number
  prometheusPort: number | null
  logLevel: LogLevel
  instanceId: string
  /** PEM file of the authority that signed the database's certificate. */
  databaseCaFile: string | null
}

/** A setting that cannot be used; the message is a sentence for the person who starts the server. */
export class ConfigError extends Error {}

type Env = Record<string, string | undefined>

interface Setting {
  name: string
  fallback: string
  help: string
}

/** Every variable, for `--help`. */
export const SETTINGS: Setting[] = [
  { name: 'DATABASE_URL', fallback: 'required', help: 'direct URL of a role that can replicate and read' },
  { name: 'ELECTRIC_POOLED_DATABASE_URL', fallback: 'DATABASE_URL', help: 'URL for snapshots, may be a pooler' },
  { name: 'ELECTRIC_SECRET', fallback: '', help: 'required as ?secret= on every shape request' },
  { name: 'ELECTRIC_INSECURE', fallback: 'false', help: 'true: no secret (exactly one of the two must be set)' },
  { name: 'ELECTRIC_PORT', fallback: '3000', help: '0 takes a free port' },
  { name: 'ELECTRIC_HOST', fallback: '127.0.0.1 when insecure, else 0.0.0.0', help: 'address to listen on' },
  { name: 'ELECTRIC_LISTEN_ON_IPV6', fallback: 'false', help: 'true: listen on :: as well' },
  { name: 'ELECTRIC_STORAGE', fallback: 'FAST_FILE', help: 'FAST_FILE or MEMORY' },
  { name: 'ELECTRIC_STORAGE_DIR', fallback: './persistent', help: 'directory of shape logs' },
  { name: 'ELECTRIC_REPLICATION_STREAM_ID', fallback: 'default', help: 'suffix of publication and slot names' },
  {
    name: 'ELECTRIC_MANUAL_TABLE_PUBLISHING',
    fallback: 'false',
    help: 'true: the publication is yours, never altered',
  },
  { name: 'CLEANUP_REPLICATION_SLOTS_ON_SHUTDOWN', fallback: 'false', help: 'true: a temporary slot' },
  { name: 'ELECTRIC_TEMPORARY_REPLICATION_SLOT_USE_RANDOM_NAME', fallback: 'false', help: 'true: random slot name' },
  {
    name: 'ELECTRIC_REPLICATION_IDLE_TIMEOUT',
    fallback: '0',
    help: 'without changes and requests for so long (30s or more) the database is left alone until the next request',
  },
  { name: 'ELECTRIC_DB_POOL_SIZE', fallback: '20', help: 'connections for snapshots' },
  { name: 'ELECTRIC_DATABASE_USE_IPV6', fallback: 'false', help: 'without effect: both families are tried' },
  { name: 'ELECTRIC_DATABASE_CA_CERTIFICATE_FILE', fallback: '', help: 'PEM file to verify the database against' },
  { name: 'ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD', fallback: '10485760', help: 'bytes after which a chunk closes' },
  { name: 'ELECTRIC_LONG_POLL_TIMEOUT', fallback: '20000', help: 'milliseconds' },
  { name: 'ELECTRIC_SSE_TIMEOUT', fallback: '60000', help: 'milliseconds' },
  { name: 'ELECTRIC_CACHE_MAX_AGE', fallback: '60', help: 'seconds' },
  { name: 'ELECTRIC_CACHE_STALE_AGE', fallback: '300', help: 'seconds' },
  { name: 'ELECTRIC_MAX_CONCURRENT_REQUESTS', fallback: '{"initial":300,"existing":10000}', help: 'JSON' },
  { name: 'ELECTRIC_MAX_SHAPES', fallback: 'unlimited', help: 'least recently used shapes go beyond it' },
  { name: 'ELECTRIC_MAX_STORAGE_BYTES', fallback: 'unlimited', help: 'same, by bytes on disk' },
  {
    name: 'ELECTRIC_COMPACT_LOG_BYTES',
    fallback: '67108864',
    help: 'logs longer than this, and than two snapshots, are compacted (0: never)',
  },
  { name: 'ELECTRIC_SWEEP_INTERVAL', fallback: '5s', help: 'how often limits and logs are looked at' },
  { name: 'ELECTRIC_ENABLE_INTEGRATION_TESTING', fallback: 'false', help: 'true: DELETE /v1/shape works' },
  { name: 'ELECTRIC_TCP_READ_TIMEOUT', fallback: '60s', help: 'idle connections close after it' },
  { name: 'ELECTRIC_TCP_SEND_TIMEOUT', fallback: '30s', help: 'readers that take nothing are cut after it' },
  { name: 'ELECTRIC_PROMETHEUS_PORT', fallback: '', help: 'serves GET /metrics there' },
  { name: 'ELECTRIC_LOG_LEVEL', fallback: 'info', help: 'debug, info, warning or error' },
  { name: 'ELECTRIC_INSTANCE_ID', fallback: 'random', help: 'name of this instance in logs and metrics' },
]

/** Reads the settings. Throws ConfigError with a sentence that names the variable. */
export function readConfig(env: Env): ShapeServerConfig {
  const databaseUrl = readDatabaseUrl(env, 'DATABASE_URL')
  if (databaseUrl === null) throw new ConfigError('DATABASE_URL is not set: give the URL of the Postgres to follow.')
  const auth = readAuth(env)
  const concurrent = readConcurrent(env)
  const ipv6 = flag(env, 'ELECTRIC_LISTEN_ON_IPV6')
  // Both address families of the database's host are tried anyway; whoever set it must not be refused.
  flag(env, 'ELECTRIC_DATABASE_USE_IPV6')
  return {
    databaseUrl,
    pooledDatabaseUrl: readDatabaseUrl(env, 'ELECTRIC_POOLED_DATABASE_URL') ?? databaseUrl,
    port: integer(env, 'ELECTRIC_PORT', 3000, 0, 65_535),
    host: text(env, 'ELECTRIC_HOST') ?? (ipv6 ? '::' : auth.kind === 'insecure' ? '127.0.0.1' : '0.0.0.0'),
    storage: readStorage(env),
    auth,
    streamId: readStreamId(env),
    manualPublishing: flag(env, 'ELECTRIC_MANUAL_TABLE_PUBLISHING'),
    temporarySlot: flag(env, 'CLEANUP_REPLICATION_SLOTS_ON_SHUTDOWN'),
    randomSlotName: flag(env, 'ELECTRIC_TEMPORARY_REPLICATION_SLOT_USE_RANDOM_NAME'),
    poolSize: integer(env, 'ELECTRIC_DB_POOL_SIZE', 20, 1, 1000),
    replicationIdleMs: readIdleTimeout(env),
    chunkBytes: integer(env, 'ELECTRIC_SHAPE_CHUNK_BYTES_THRESHOLD', 10_485_760, 1, 1_073_741_824),
    longPollTimeoutMs: milliseconds(env, 'ELECTRIC_LONG_POLL_TIMEOUT', 20_000),
    sseTimeoutMs: milliseconds(env, 'ELECTRIC_SSE_TIMEOUT', 60_000),
    sseKeepaliveMs: milliseconds(env, 'ELECTRIC_SSE_KEEPALIVE_INTERVAL', 21_000),
    cacheMaxAgeSeconds: integer(env, 'ELECTRIC_CACHE_MAX_AGE', 60, 0),
    cacheStaleAgeSeconds: integer(env, 'ELECTRIC_CACHE_STALE_AGE', 300, 0),
    maxConcurrentInitial: concurrent.initial,
    maxConcurrentExisting: concurrent.existing,
    maxShapes: text(env, 'ELECTRIC_MAX_SHAPES') === null ? null : integer(env, 'ELECTRIC_MAX_SHAPES', 0, 1),
    maxStorageBytes:
      text(env, 'ELECTRIC_MAX_STORAGE_BYTES') === null ? null : integer(env, 'ELECTRIC_MAX_STORAGE_BYTES', 0, 1),
    compactLogBytes: integer(env, 'ELECTRIC_COMPACT_LOG_BYTES', 64 << 20, 0) || null,
    sweepMs: Math.max(1, milliseconds(env, 'ELECTRIC_SWEEP_INTERVAL', 5000)),
    deletesEnabled: flag(env, 'ELECTRIC_ENABLE_INTEGRATION_TESTING'),
    tcpReadTimeoutMs: milliseconds(env, 'ELECTRIC_TCP_READ_TIMEOUT', 60_000),
    tcpSendTimeoutMs: milliseconds(env, 'ELECTRIC_TCP_SEND_TIMEOUT', 30_000),
    prometheusPort:
      text(env, 'ELECTRIC_PROMETHEUS_PORT') === null ? null : integer(env, 'ELECTRIC_PROMETHEUS_PORT', 0, 0, 65_535),
    logLevel: readLogLevel(env),
    instanceId: text(env, 'ELECTRIC_INSTANCE_ID') ?? crypto.randomUUID(),
    databaseCaFile: text(env, 'ELECTRIC_DATABASE_CA_CERTIFICATE_FILE'),
  }
}

function text(env: Env, name: string): string | null {
  const value = env[name]
  return value === undefined || value === '' ? null : value
}

function flag(env: Env, name: string): boolean {
  const value = text(env, name)
  if (value === null || value === 'false' || value === '0') return false
  if (value === 'true' || value === '1') return true
  throw new ConfigError(`${name} must be true or false, not "${value}".`)
}

function integer(env: Env, name: string, fallback: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  const value = text(env, name)
  if (value === null) return fallback
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN
  if (!(number >= min && number <= max)) {
    throw new ConfigError(`${name} must be a whole number from ${String(min)} to ${String(max)}, not "${value}".`)
  }
  return number
}

/** Durations as Electric writes them: a number is milliseconds, or with a unit `60s`, `500ms`, `2m`. */
function milliseconds(env: Env, name: string, fallback: number): number {
  const value = text(env, name)
  if (value === null) return fallback
  const match = /^(\d+)(ms|msec|s|sec|m|min)?$/.exec(value)
  if (!match) throw new ConfigError(`${name} must be a duration such as 20000, 500ms or 60s, not "${value}".`)
  const unit = match[2] ?? 'ms'
  return Number(match[1]) * (unit.startsWith('ms') ? 1 : unit.startsWith('s') ? 1000 : 60_000)
}

function readDatabaseUrl(env: Env, name: string): string | null {
  const value = text(env, name)
  if (value === null) return null
  if (!URL.canParse(value) || !/^postgres(ql)?:$/.test(new URL(value).protocol)) {
    throw new ConfigError(`${name} must be a URL such as postgresql://user:password@host:5432/database.`)
  }
  return value
}

function readAuth(env: Env): ShapeServerConfig['auth'] {
  const secret = text(env, 'ELECTRIC_SECRET')
  const insecure = flag(env, 'ELECTRIC_INSECURE')
  if (secret !== null && insecure) {
    throw new ConfigError('ELECTRIC_SECRET and ELECTRIC_INSECURE=true exclude each other: set only one.')
  }
  if (secret !== null) return { kind: 'secret', secret }
  if (insecure) return { kind: 'insecure' }
  throw new ConfigError('Set ELECTRIC_SECRET, or ELECTRIC_INSECURE=true to run without one.')
}

function readStorage(env: Env): ShapeServerConfig['storage'] {
  const kind = text(env, 'ELECTRIC_STORAGE') ?? 'FAST_FILE'
  if (kind.toUpperCase() === 'MEMORY') return { kind: 'memory' }
  if (kind.toUpperCase() !== 'FAST_FILE') {
    throw new ConfigError(`ELECTRIC_STORAGE must be FAST_FILE or MEMORY, not "${kind}".`)
  }
  return { kind: 'file', dir: text(env, 'ELECTRIC_STORAGE_DIR') ?? './persistent' }
}

function readStreamId(env: Env): string {
  const id = text(env, 'ELECTRIC_REPLICATION_STREAM_ID') ?? 'default'
  // Slot names allow no more, and `electric_publication_` leaves 42 of an identifier's 63 bytes.
  if (!/^[a-z0-9_]{1,42}$/.test(id)) {
    throw new ConfigError(
      `ELECTRIC_REPLICATION_STREAM_ID may hold up to 42 lower-case letters, digits and underscores, not "${id}".`,
    )
  }
  return id
}

const IDLE_MIN_MS = 30_000

function readIdleTimeout(env: Env): number | null {
  const idleMs = milliseconds(env, 'ELECTRIC_REPLICATION_IDLE_TIMEOUT', 0)
  if (idleMs === 0) return null
  // Less than it takes to store what arrived and to tell Postgres would leave it to be sent again.
  if (idleMs < IDLE_MIN_MS) throw new ConfigError('ELECTRIC_REPLICATION_IDLE_TIMEOUT must be 0 or at least 30s.')
  return idleMs
}

function readConcurrent(env: Env): { initial: number; existing: number } {
  const value = text(env, 'ELECTRIC_MAX_CONCURRENT_REQUESTS')
  const fallback = { initial: 300, existing: 10_000 }
  if (value === null) return fallback
  const wrong = new ConfigError(
    'ELECTRIC_MAX_CONCURRENT_REQUESTS must be JSON such as {"initial":300,"existing":10000}.',
  )
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch {
    throw wrong
  }
  if (typeof parsed !== 'object' || parsed === null) throw wrong
  const limit = (name: 'initial' | 'existing') => {
    const number: unknown = Object.getOwnPropertyDescriptor(parsed, name)?.value ?? fallback[name]
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0) throw wrong
    return number
  }
  return { initial: limit('initial'), existing: limit('existing') }
}

function readLogLevel(env: Env): LogLevel {
  const level = text(env, 'ELECTRIC_LOG_LEVEL') ?? 'info'
  if (level === 'debug' || level === 'info' || level === 'warning' || level === 'error') return level
  throw new ConfigError(`ELECTRIC_LOG_LEVEL must be debug, info, warning or error, not "${level}".`)
}
