import { expect, test } from 'vitest'
import { MessageEncoder } from '../encoding/message'
import type { Table, TableColumn } from '../postgres/table'
import type { Relation } from '../replication/pgoutput'
import { MemoryBlobStore } from '../storage/blob'
import { SNAPSHOT_END } from '../storage/position'
import { ShapeLog } from '../storage/shape-log'
import { SnapshotLog } from '../storage/snapshot-log'
import { Router } from './router'
import { Shape, StaleSnapshotError } from './shape'

const INT4_OID = 23
const column = (name: string, pkIndex: number | null): TableColumn => ({
  name,
  typeOid: INT4_OID,
  typeModifier: -1,
  typeName: 'int4',
  dimensions: 0,
  elementType: null,
  typeKind: 'b',
  isPadded: false,
  isNotNull: false,
  generated: 'no',
  pkIndex,
})
const table: Table = {
  oid: 1,
  schema: 'public',
  name: 't',
  kind: 'ordinary',
  columns: [column('id', 0)],
  pk: [0],
  ancestors: [],
}
const relation: Relation = {
  kind: 'relation',
  oid: 1,
  schema: 'public',
  name: 't',
  replicaIdentity: 'f',
  columns: [{ name: 'id', typeOid: INT4_OID, typeModifier: -1, isKey: true }],
}

/** A shape on `t` whose snapshot has not begun, and the router that feeds it. */
function beginning(router = new Router({ onRotate: () => undefined, onChanged: () => undefined })): {
  router: Router
  shape: Shape
  insert: (id: number) => void
  ids: () => string[]
} {
  const store = new MemoryBlobStore()
  const projection = { table, selected: [0], replica: 'default' as const }
  const definition = {
    ...projection,
    where: null,
    whereText: null,
    params: {},
    hasExplicitColumns: false,
    log: 'full' as const,
  }
  const log = new ShapeLog(store.open(), store.open(), 1 << 20)
  const snapshot = new SnapshotLog(store.open(), 1 << 20)
  const shape = new Shape(
    '1-1',
    definition,
    'identity',
    new MessageEncoder(projection),
    log,
    snapshot,
    Promise.resolve(),
  )
  router.add(shape)
  return {
    router,
    shape,
    insert: (id) => router.change(relation, [table.oid], { kind: 'insert', new: [String(id)] }),
    ids: () => {
      const range = log.read(SNAPSHOT_END)
      const text = range.bytes.kind === 'memory' ? Buffer.concat(range.bytes.parts).toString('utf8') : ''
      return text.split(',\n').flatMap((item) => {
        if (item === '') return []
        const message = JSON.parse(item) as { value: { id: string }; headers: { last?: boolean } }
        return [message.value.id + (message.headers.last === true ? ' last' : '')]
      })
    },
  }
}

test('PO2 a transaction under way when the snapshot begins is left out whole if the snapshot shows it', () => {
  const { router, shape, insert, ids } = beginning()
  router.begin(10, 100n)
  insert(1)
  insert(2)
  shape.begin({ xmin: 11n, xmax: 11n, xip: [] }, 200n)
  insert(3)
  router.commit()
  expect(ids()).toEqual([])
  router.begin(11, 300n)
  insert(4)
  router.commit()
  expect(ids()).toEqual(['4 last'])
})

test('PO2 a transaction under way when the snapshot begins is appended whole and in order if the snapshot does not show it', () => {
  const { router, shape, insert, ids } = beginning()
  router.begin(10, 100n)
  insert(1)
  insert(2)
  shape.begin({ xmin: 10n, xmax: 11n, xip: [10n] }, 90n)
  insert(3)
  insert(4)
  router.commit()
  expect(ids()).toEqual(['1', '2', '3', '4 last'])
})

test('PO2 a transaction that is sent again while the snapshot has not begun is appended once', () => {
  const { router, shape, insert, ids } = beginning()
  for (let connection = 0; connection < 2; connection++) {
    router.begin(10, 100n)
    insert(1)
    router.commit()
  }
  shape.begin({ xmin: 10n, xmax: 10n, xip: [] }, 90n)
  expect(ids()).toEqual(['1 last'])
})

test('PO2 a transaction that the snapshot shows stays out of the log when a later connection sends it again', () => {
  const { router, shape, insert, ids } = beginning()
  shape.begin({ xmin: 11n, xmax: 11n, xip: [] }, 200n)
  // A change of its table that is none of its rows: the snapshot is behind, and nothing is appended.
  expect(shape.wants(20, 300n)).toBe(true)
  router.begin(10, 100n)
  insert(1)
  router.commit()
  expect(ids()).toEqual([])
})

test('PO2 a transaction received before the shape was there, and not yet in its snapshot, makes the snapshot be taken again', () => {
  const { router, insert } = beginning()
  router.begin(10, 100n)
  insert(1)
  router.commit()
  const late = { xmin: 10n, xmax: 11n, xip: [10n] }
  expect(() => beginning(router).shape.begin(late, 90n)).toThrow(StaleSnapshotError)
  expect(() => beginning(router).shape.begin({ xmin: 10n, xmax: 10n, xip: [] }, 90n)).toThrow(StaleSnapshotError)
  expect(() => beginning(router).shape.begin({ xmin: 11n, xmax: 11n, xip: [] }, 200n)).not.toThrow()
})

test('a transaction too big to wait for the snapshot ends the shape before its commit, with what was held', () => {
  const ended: Shape[] = []
  const router = new Router({
    onChanged: () => undefined,
    onRotate(shape) {
      ended.push(shape)
      router.remove(shape)
      shape.remove()
    },
  })
  const { shape } = beginning(router)
  const megabyte = '1'.repeat(1 << 20)
  router.begin(10, 100n)
  let changes = 0
  while (ended.length === 0 && changes++ < 100) {
    router.change(relation, [table.oid], { kind: 'insert', new: [megabyte] })
  }
  expect(ended).toEqual([shape])
  router.commit()
  expect(ended).toEqual([shape])
})
