import * as z from 'zod/mini'
import { defineEntity, patchOnly, serverSet } from '@/lib/entity/define'
import { name, nullable, timestamp, uuid } from '@/lib/entity/fields'
import { textIn, type Json } from '@/lib/protocol/json'

const json = () => z.custom<Json>()

/** A question that two people's changes raised and a person must settle. The decision is an ordinary update. */
export const conflicts = defineEntity({
  name: 'conflicts',
  noun: 'conflict',
  scope: { kind: 'any', column: 'scope_id' },
  fields: {
    scope_id: serverSet(uuid()),
    entity: serverSet(name()),
    entity_id: serverSet(uuid()),
    field: serverSet(name()),
    base: serverSet(json()),
    current_value: serverSet(json()),
    current_by: serverSet(nullable(uuid())),
    offered_value: serverSet(json()),
    offered_by: serverSet(nullable(uuid())),
    write_id: serverSet(nullable(uuid())),
    decision: patchOnly(nullable(z.enum(['current', 'offered', 'edited']))),
    decided_value: patchOnly(json()),
    decided_by: serverSet(nullable(uuid())),
    decided_at: serverSet(nullable(timestamp())),
  },
  access: { read: ['member'], insert: [], update: [{ who: ['target-editor'] }], delete: [] },
  tracked: false,
  describe: (row) => `${textIn(row, 'entity')} ${textIn(row, 'field')}`,
})
