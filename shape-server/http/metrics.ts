import http from 'node:http'
import type { Service } from '../service'
import { parsePgLsn } from '../shapes/lsn'
import { BUCKETS_MS, type Histogram } from './counters'

/** Serves `GET /metrics` in Prometheus's text format on a port of its own. */
export function createMetricsListener(service: Service): http.Server {
  return http.createServer((request, response) => {
    if (request.url !== '/metrics') return void response.writeHead(404).end('Not found')
    renderMetrics(service).then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      () => response.writeHead(500).end(),
    )
  })
}

/** Lines of the exposition, each metric with its help and type. */
class Page {
  readonly lines: string[] = []

  constructor(private readonly instance: string) {}

  gauge(name: string, help: string, value: number | bigint): void {
    this.head(name, 'gauge', help)
    this.lines.push(`electric_${name} ${String(value)}`)
  }

  counter(name: string, help: string, value: number): void {
    this.head(name, 'counter', help)
    this.lines.push(`electric_${name} ${String(value)}`)
  }

  byLabel(
    name: string,
    type: 'counter' | 'gauge',
    help: string,
    label: string,
    values: Iterable<[unknown, number]>,
  ): void {
    this.head(name, type, help)
    for (const [key, value] of values) this.lines.push(`electric_${name}{${label}="${String(key)}"} ${String(value)}`)
  }

  histogram(name: string, help: string, { buckets, count, sumMs }: Histogram): void {
    this.head(name, 'histogram', help)
    const full = `electric_${name}`
    BUCKETS_MS.forEach((limit, i) =>
      this.lines.push(`${full}_bucket{le="${String(limit)}"} ${String(buckets[i] ?? 0)}`),
    )
    this.lines.push(
      `${full}_bucket{le="+Inf"} ${String(count)}`,
      `${full}_sum ${String(sumMs)}`,
      `${full}_count ${String(count)}`,
    )
  }

  get text(): string {
    this.head('instance_info', 'gauge', 'Which instance this is')
    this.lines.push(`electric_instance_info{instance_id=${JSON.stringify(this.instance)}} 1`)
    return `${this.lines.join('\n')}\n`
  }

  private head(name: string, type: string, help: string): void {
    this.lines.push(`# HELP electric_${name} ${help}`, `# TYPE electric_${name} ${type}`)
  }
}

async function renderMetrics(service: Service): Promise<string> {
  const page = new Page(service.config.instanceId)
  shapes(page, service)
  requests(page, service)
  await replication(page, service)
  page.gauge('storage_failing', '1 while the disk refuses', service.flusher.failure === null ? 0 : 1)
  page.gauge('memory_rss_bytes', 'Resident memory', process.memoryUsage.rss())
  return page.text
}

function shapes(page: Page, { registry, housekeeping }: Service): void {
  const states = { creating: 0, current: 0, superseded: 0 }
  let waiting = 0
  let snapshotBytes = 0
  let logBytes = 0
  for (const shape of registry.byHandle.values()) {
    states[shape.isSuperseded ? 'superseded' : shape.snapshot.isComplete ? 'current' : 'creating']++
    waiting += shape.waiters.size
    snapshotBytes += shape.snapshot.size
    logBytes += shape.log.bytes
  }
  page.byLabel('shapes', 'gauge', 'Shapes that exist', 'state', Object.entries(states))
  page.gauge('clients_waiting', 'Readers that wait for a change', waiting)
  page.gauge('snapshot_bytes', 'Bytes of snapshots', snapshotBytes)
  page.gauge('log_bytes', 'Bytes of logs and their indexes', logBytes)
  page.counter(
    'compactions_total',
    'Shapes that were given a new snapshot in place of a long log',
    registry.renewalCount,
  )
  page.counter('evictions_total', 'Shapes that went because of a limit', housekeeping.evictionCount)
}

function requests(page: Page, { requests: { open, byStatus, durations } }: Service): void {
  page.gauge('requests_open', 'Requests under way, held polls and streams included', open)
  page.byLabel('requests_total', 'counter', 'Requests on /v1/shape by status', 'status', byStatus)
  page.histogram('request_duration_milliseconds', 'Time to answer, held polls left out', durations)
}

async function replication(page: Page, service: Service): Promise<void> {
  const { stream, router } = service
  page.gauge('replication_active', '1 while the database is followed', stream.status === 'active' ? 1 : 0)
  page.counter('replication_transactions_total', 'Transactions received', router.transactionCount)
  page.counter('replication_changes_total', 'Row changes received', router.changeTotal)
  page.histogram(
    'replication_delay_milliseconds',
    'Time from a commit in Postgres until its readers were told, by both clocks',
    service.replicationDelays,
  )
  // A database that was left alone must not be woken for a measurement.
  const lag = stream.status === 'active' ? await replicationLag(service).catch(() => null) : null
  if (!lag) return
  page.gauge('replication_lag_bytes', 'WAL that is written but not yet received', lag.lagBytes)
  page.gauge('wal_retained_bytes', 'WAL that the slot keeps from being removed', lag.retainedBytes)
}

async function replicationLag(service: Service): Promise<{ lagBytes: bigint; retainedBytes: bigint } | null> {
  const found = await service.pool.query<{ now: string; restart: string | null }>(
    `SELECT pg_current_wal_lsn()::text AS now,
       (SELECT restart_lsn::text FROM pg_replication_slots WHERE slot_name = $1) AS restart`,
    [service.slot],
  )
  const row = found.rows[0]
  if (!row) return null
  const now = parsePgLsn(row.now)
  const behind = now - service.flusher.receivedLsn
  return {
    lagBytes: behind > 0n ? behind : 0n,
    retainedBytes: row.restart === null ? 0n : now - parsePgLsn(row.restart),
  }
}
