import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import type { ShapeServerConfig } from './config'
import { createListener } from './http/listener'
import { createMetricsListener } from './http/metrics'
import { createLog } from './log'
import type { Log } from './log'
import { Service } from './service'
import type { OpenStore } from './service'

export interface ShapeServer {
  url: string
  port: number
  /** Stops within a second; open polls are cut, what was received is on disk. */
  stop(): Promise<void>
}

/** Starts the sync service and waits until it follows the database. */
export async function startShapeServer(
  config: ShapeServerConfig,
  log: Log = createLog(config.logLevel),
  openStore?: OpenStore,
): Promise<ShapeServer> {
  const server = await openShapeServer(config, log, openStore)
  await server.active
  return server
}

/** Starts listening at once; `active` resolves when the database is followed. */
export async function openShapeServer(
  config: ShapeServerConfig,
  log: Log,
  openStore?: OpenStore,
): Promise<ShapeServer & { active: Promise<void> }> {
  const service = new Service(config, log, openStore)
  const listener = createListener(service)
  listener.listen(config.port, config.host)
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  await service.start()
  const metrics =
    config.prometheusPort === null ? null : createMetricsListener(service).listen(config.prometheusPort, config.host)
  let stopped: Promise<void> | null = null
  log.info('listening', { port, host: config.host })
  return {
    url: `http://127.0.0.1:${String(port)}`,
    port,
    active: service.stream.active(),
    stop: () => (stopped ??= stop()),
  }

  async function stop(): Promise<void> {
    listener.close()
    metrics?.close()
    metrics?.closeAllConnections()
    listener.closeAllConnections()
    await service.stop()
  }
}
