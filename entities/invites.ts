import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed, fixedOptional, serverSet } from '@/lib/entity/define'
import { name, nullable, text, timestamp, uuid } from '@/lib/entity/fields'

/** The one secret in a synced table: its code, which only owners read, works once and expires. */
export const invites = defineEntity({
  name: 'invites',
  noun: 'invite',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    code: serverSet(text(100)),
    email: fixedOptional(nullable(name())),
    role: fixed(z.enum(['owner', 'collaborator', 'viewer'])),
    expires_at: field(timestamp()),
    used_by: serverSet(nullable(uuid())),
  },
  access: { read: ['owner'], insert: ['owner'], update: [{ who: ['owner'] }], delete: ['owner'] },
  tracked: false,
  describe: (row) => textIn(row, 'email', 'invite'),
})
