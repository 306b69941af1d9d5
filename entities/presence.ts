import { defineEntity, field, fixed, serverSet } from '@/lib/entity/define'
import { name, nullable, text, timestamp, uuid } from '@/lib/entity/fields'

/** Who is here, on which page, editing what: told through its own door, never queued, gone after 45 s of silence. */
export const presence = defineEntity({
  name: 'presence',
  noun: 'presence',
  scope: { kind: 'band', column: 'band_id' },
  serverColumns: 'ephemeral',
  fields: {
    band_id: fixed(uuid()),
    client_id: fixed(uuid()),
    user_id: serverSet(uuid()),
    page: field(nullable(text(2_000))),
    editing_entity: field(nullable(name())),
    editing_id: field(nullable(uuid())),
    last_seen_at: serverSet(timestamp()),
  },
  access: { read: ['member'], insert: ['self'], update: [{ who: ['self'] }], delete: ['self'] },
  tracked: false,
  writes: 'presence',
  describe: () => 'presence',
})
