import 'client-only'
import type { JsonRow } from '@/lib/protocol/json'
import type { OutboxItem, RowStatus, ShapeName, ShapeView } from '../types'
import { FakeClock } from './fake-clock'
import { FakeDevice, type FakeTab } from './fake-device'
import { ModelServer } from './model-server'
import { modelFetch } from './model-doors'

export const SARAH = '00000000-0000-4000-8000-00000000005a'
export const ALEX = '00000000-0000-4000-8000-00000000000a'
export const BAND = '00000000-0000-4000-8000-0000000000b1'
export const SONGS: ShapeName = { entity: 'songs', scope: BAND }

/** A band of two on a model server: what most tests begin with. */
export class Scene {
  readonly clock = new FakeClock()
  readonly server = new ModelServer(() => this.clock.now())

  constructor() {
    this.server.seed('bands', { id: BAND, name: 'The Night Shift' })
    this.join(SARAH, 'owner')
    this.join(ALEX, 'collaborator')
  }

  /** Lets time pass until something holds; fails with `what` when it never does. */
  async until(what: string, holds: () => boolean, msMax = 60_000): Promise<void> {
    const end = this.clock.now() + msMax
    while (!holds()) {
      if (this.clock.now() > end) throw new Error(`never happened: ${what}`)
      await this.clock.advance(10)
    }
  }

  join(userId: string, role: string): JsonRow {
    const id = `${userId.slice(0, -4)}${BAND.slice(-4)}`
    const joinedAt = new Date(this.clock.now() - 1_000).toISOString()
    return this.server.seed('band_members', {
      id: id.replace(/^.{8}/, userId.slice(-8)),
      band_id: BAND,
      user_id: userId,
      role,
      joined_at: joinedAt,
    })
  }

  song(id: string, title: string): JsonRow {
    return this.server.seed('songs', { id, band_id: BAND, title, status: 'idea', tags: [] })
  }

  device(
    userId: string,
    session: { userId: string | null } = { userId },
    options: { hasStorage?: boolean } = {},
  ): FakeDevice {
    return new FakeDevice(userId, this.clock, modelFetch(this.server, session), options)
  }
}

/** Follows a shape like a component would; `view` is what it shows now. */
export function watch(tab: FakeTab, name: ShapeName): { view: () => ShapeView; stop: () => void; views: ShapeView[] } {
  const source = tab.sync.shape(name)
  const views: ShapeView[] = []
  const stop = source.subscribe(() => views.push(source.read()))
  return { view: () => source.read(), stop, views }
}

export function titles(view: ShapeView): string[] {
  return [...view.rows.values()].map((row) => String(row['title'] as string)).toSorted()
}

export function statusOf(tab: FakeTab, entity: string, key: string): RowStatus {
  return tab.sync.rowStatus(entity, key).read()
}

export function outboxOf(tab: FakeTab): readonly OutboxItem[] {
  return tab.sync.outbox.read()
}

/** Opens devices and closes them all after a test. */
export function devicesOf(): {
  open: (scene: Scene, ...args: Parameters<Scene['device']>) => FakeDevice
  closeAll: () => Promise<void>
} {
  const devices: FakeDevice[] = []
  return {
    open: (scene, ...args) => {
      const device = scene.device(...args)
      devices.push(device)
      return device
    },
    closeAll: async () => {
      for (const device of devices.splice(0)) for (const tab of device.tabs) await tab.sync.close()
    },
  }
}
