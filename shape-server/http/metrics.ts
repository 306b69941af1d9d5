import http from 'node:http'
import type { Service } from '../service'
import { parsePgLsn } from '../shapes/lsn'

const BUCKETS_MS = [1, 2, 5, 10, 20, 50, 100, 250, 500, 1000, 5000, 30_000]

/** What requests did, counted. */
export class RequestMetrics {
  readonly byStatus = new Map<number, number>()
  readonly buckets = BUCKETS_MS.map(() => 0)
  /** Requests that are under way. */
  open = 0
  durationSumMs = 0
  count = 0

  /** Counts an answered request that was not held on purpose. */
  record(status: number, durationMs: number | null): void {
    this.byStatus.set(status, (this.byStatus.get(status) ?? 0) + 1)
    if (durationMs === null) return
    this.count++
    this.durationSumMs += durationMs
    BUCKETS_MS.forEach((limit, i) => {
      if (durationMs <= limit) this.buckets[i] = (this.buckets[i] ?? 0) + 1
    })
  }
}

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

async function renderMetrics(service: Service): Promise<string> {
  const lines: string[] = []
  const gauge = (name: string, help: string, value: number | bigint) => {
    lines.push(`# HELP electric_${name} ${help}`, `# TYPE electric_${name} gauge`, `electric_${name} ${String(value)}`)
  }
  const shapes = [...service.registry.byHandle.values()]
  gauge('shapes_total', 'Shapes that exist', shapes.length)
  gauge(
    'clients_waiting',
    'Readers that wait for a change',
    shapes.reduce((sum, shape) => sum + shape.waiters.size, 0),
  )
  gauge(
    'storage_bytes',
    'Bytes of snapshots and logs',
    shapes.reduce((sum, shape) => sum + shape.bytes, 0),
  )
  gauge('requests_open', 'Requests under way, held polls and streams included', service.requests.open)
  gauge('storage_failing', '1 while the disk refuses', service.flusher.failure === null ? 0 : 1)
  gauge('replication_active', '1 while the database is followed', service.stream.status === 'active' ? 1 : 0)
  gauge('replication_transactions_total', 'Transactions received', service.router.transactionCount)
  gauge('replication_changes_total', 'Row changes received', service.router.changeTotal)
  gauge('memory_rss_bytes', 'Resident memory', process.memoryUsage.rss())
  const lag = await replicationLag(service).catch(() => null)
  if (lag) {
    gauge('replication_lag_bytes', 'WAL that is written but not yet received', lag.lagBytes)
    gauge('wal_retained_bytes', 'WAL that the slot keeps from being removed', lag.retainedBytes)
  }
  lines.push('# HELP electric_requests_total Requests on /v1/shape by status', '# TYPE electric_requests_total counter')
  for (const [status, count] of service.requests.byStatus) {
    lines.push(`electric_requests_total{status="${String(status)}"} ${String(count)}`)
  }
  const { buckets, count, durationSumMs } = service.requests
  const name = 'electric_request_duration_milliseconds'
  lines.push(`# HELP ${name} Time to answer, held polls left out`, `# TYPE ${name} histogram`)
  BUCKETS_MS.forEach((limit, i) => lines.push(`${name}_bucket{le="${String(limit)}"} ${String(buckets[i] ?? 0)}`))
  lines.push(
    `${name}_bucket{le="+Inf"} ${String(count)}`,
    `${name}_sum ${String(durationSumMs)}`,
    `${name}_count ${String(count)}`,
  )
  return `${lines.join('\n')}\n`
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
