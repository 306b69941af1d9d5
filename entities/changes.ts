import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, serverSet } from '@/lib/entity/define'
import { name, nullable, text, uuid } from '@/lib/entity/fields'

/** One row per applied write, appended in its transaction: feeds notices, activity, history and undo. */
export const changes = defineEntity({
  name: 'changes',
  noun: 'change',
  scope: { kind: 'any', column: 'scope_id' },
  serverColumns: 'appended',
  fields: {
    scope_id: serverSet(uuid()),
    entity: serverSet(name()),
    entity_id: serverSet(uuid()),
    op: serverSet(z.enum(['insert', 'update', 'delete', 'restore'])),
    fields: serverSet(z.array(name())),
    summary: serverSet(text()),
    actor_id: serverSet(nullable(uuid())),
    client_id: serverSet(nullable(uuid())),
    write_id: serverSet(nullable(uuid())),
  },
  access: { read: ['member'], insert: [], update: [], delete: [] },
  // Only through history, under the entity's own read access.
  hidden: ['before', 'after'],
  history: { group: 'entity_id' },
  tracked: false,
  writes: 'none',
  describe: (row) => textIn(row, 'summary'),
})
