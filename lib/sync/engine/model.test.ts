import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import type { JsonRow } from '@/lib/protocol/json'
import { versionOf } from '../store/rows'
import type { Fate, FakeDevice, FakeTab } from '../testkit/fake-device'
import { BAND, devicesOf, outboxOf, SARAH, Scene, SONGS, statusOf, watch } from '../testkit/scene'

/** More runs for a soak: `SYNC_MODEL_RUNS=2000 npx vitest run --project unit lib/sync/engine/model.test.ts`. */
const RUNS = Number(process.env['SYNC_MODEL_RUNS'] ?? 20)
const DEVICES = 3

const { open, closeAll } = devicesOf()
afterEach(closeAll)

type Step =
  | { kind: 'insert'; device: number; title: string }
  | { kind: 'update'; device: number; row: number; patch: JsonRow }
  | { kind: 'delete'; device: number; row: number }
  | { kind: 'connect' | 'disconnect' | 'kill' | 'open' | 'freeze' | 'thaw'; device: number }
  | { kind: 'fate'; device: number; fates: Fate[] }
  | { kind: 'rotate' }
  | { kind: 'wait'; ms: number }

const device = fc.nat(DEVICES - 1)
const patch: fc.Arbitrary<JsonRow> = fc.oneof(
  fc.record({ artist: fc.constantFrom('Oasis', 'Blur', null) }),
  fc.record({ tags: fc.subarray(['slow', 'loud', 'new']) }),
  fc.record({ status: fc.constantFrom('idea', 'ready'), artist: fc.constantFrom('Pulp', 'Suede') }),
)
const fate = fc.constantFrom<Fate>('pass', 'pass', 'lost', 'answer-lost', 'twice', 'portal', 'server-error')

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('insert' as const),
      device,
      title: fc.constantFrom('Creep', 'Bad', 'Song 2'),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('update' as const), device, row: fc.nat(9), patch }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), device, row: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('connect' as const, 'disconnect' as const), device }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('kill' as const, 'open' as const), device }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('freeze' as const, 'thaw' as const), device }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('fate' as const), device, fates: fc.array(fate, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'rotate' as const }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(0, 20, 200, 2_000) }) },
)

/** Several devices of one person against the model server, watched while random things happen to them. */
class World {
  readonly scene = new Scene()
  readonly devices: FakeDevice[] = []
  readonly madeIds = new Set<string>()
  /** Rows that were shown at a lower version than before: must stay empty. */
  readonly countedDown: string[] = []
  readonly #alive = new Map<FakeDevice, FakeTab[]>()

  constructor() {
    this.scene.song('00000000-0000-4000-8000-000000000101', 'Wonderwall')
    this.scene.server.refuses = (write) =>
      write.op === 'insert' && write.values['title'] === 'Bad' ? { code: 'invalid', message: 'bad' } : null
    for (let index = 0; index < DEVICES; index++) {
      const each = open(this.scene, SARAH)
      this.devices.push(each)
      this.#alive.set(each, [])
      this.openTab(each)
    }
  }

  openTab(of: FakeDevice): void {
    const tab = of.open()
    this.#alive.get(of)?.push(tab)
    this.#watch(tab)
  }

  tabs(): FakeTab[] {
    return [...this.#alive.values()].flat()
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'wait') return this.scene.clock.advance(next.ms)
    if (next.kind === 'rotate') return this.scene.server.rotate('songs')
    const on = this.devices[next.device] ?? expect.unreachable()
    const tabs = this.#alive.get(on) ?? []
    const tab = tabs.find(({ isFrozen }) => !isFrozen)
    switch (next.kind) {
      case 'insert':
        if (tab) this.#made(tab.sync.write('songs', { op: 'insert', values: { band_id: BAND, title: next.title } }).id)
        return
      case 'update':
      case 'delete': {
        const key = tab && [...tab.sync.shape(SONGS).read().rows.keys()].toSorted()[next.row]
        if (!key) return
        const intent = next.kind === 'delete' ? { op: next.kind, key } : { op: next.kind, key, patch: next.patch }
        return this.#made(tab.sync.write('songs', intent).id)
      }
      case 'connect':
        return on.connect()
      case 'disconnect':
        return on.disconnect()
      case 'fate': {
        const fates = [...next.fates]
        on.fate = () => fates.shift() ?? 'pass'
        return
      }
      case 'kill':
        // The first tab leads, as a rule; the next one opened begins from what was stored.
        tabs.shift()?.kill()
        if (tabs.length === 0) this.openTab(on)
        return
      case 'open':
        if (tabs.length < 3) this.openTab(on)
        return
      case 'freeze':
        if (tabs.length > 1) tabs[0]?.freeze()
        return
      case 'thaw':
        return tabs.forEach((each) => each.thaw())
    }
  }

  /** What every screen must be true to at any moment. */
  check(): void {
    for (const tab of this.tabs()) {
      for (const [key, row] of tab.sync.shape(SONGS).read().rows) {
        const mine = outboxOf(tab).filter((item) => item.key === key && item.state !== 'refused')
        const status = statusOf(tab, 'songs', key)
        if (mine.some(({ state }) => state === 'waiting' || state === 'sending')) {
          expect(['pending', 'syncing', 'error', 'conflict']).toContain(status)
        }
        // What is called synced and has nothing of its own is a row that Postgres had.
        if (mine.length === 0) expect(this.#committed(key, versionOf(row))).toEqual(row)
      }
    }
  }

  /** Ends all trouble and waits until nothing is on its way any more. */
  async settle(): Promise<void> {
    for (const each of this.devices) {
      each.fate = () => 'pass'
      for (const tab of this.#alive.get(each) ?? []) tab.thaw()
      each.connect()
    }
    await this.scene.until(
      'everything is sent and everybody shows the same',
      () => this.tabs().every((tab) => this.#isDone(tab)),
      120_000,
    )
  }

  #isDone(tab: FakeTab): boolean {
    const { status, rows } = tab.sync.shape(SONGS).read()
    const truth = this.scene.server.shapeRows('songs', BAND, SARAH)
    const shown = [...rows.values()]
    const isSame =
      shown.length === truth.length &&
      truth.every((row) => JSON.stringify(rows.get(String(row['id'] as string))) === JSON.stringify(row))
    return status === 'ready' && isSame && outboxOf(tab).every(({ state }) => state === 'refused' || state === 'held')
  }

  #made(id: string): void {
    this.madeIds.add(id)
  }

  #committed(key: string, version: number): JsonRow | undefined {
    return this.scene.server.log.findLast(
      ({ entity, after }) => entity === 'songs' && after['id'] === key && versionOf(after) === version,
    )?.after
  }

  /** No row on this screen ever counts down while its log lives. */
  #watch(tab: FakeTab): void {
    const { view } = watch(tab, SONGS)
    const versions = new Map<string, number>()
    tab.sync.shape(SONGS).subscribe(() => {
      for (const [key, row] of view().rows) {
        const before = versions.get(key) ?? 0
        if (versionOf(row) < before) this.countedDown.push(`${tab.id} ${key}: ${before} -> ${versionOf(row)}`)
        versions.set(key, versionOf(row))
      }
    })
  }
}

test(
  'O17 whatever is lost, doubled, killed or frozen, every device ends on what the server has, and each write counted once',
  async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined)
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        await closeAll()
        const world = new World()
        for (const each of steps) {
          await world.take(each)
          world.check()
        }
        await world.settle()
        for (const [id, times] of world.scene.server.applications) {
          expect({ id, times, isOurs: world.madeIds.has(id) }).toEqual({ id, times: 1, isOurs: true })
        }
        // What was refused is what the server refuses, and nothing else.
        for (const tab of world.tabs()) {
          for (const item of outboxOf(tab)) if (item.state === 'refused') expect(item.values['title']).toBe('Bad')
        }
        expect(world.countedDown).toEqual([])
      }),
      { numRuns: RUNS },
    )
  },
  60_000 + RUNS * 5_000,
)
