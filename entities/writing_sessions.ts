import { textIn } from '@/lib/protocol/json'
import { defineEntity, field, required, serverSet } from '@/lib/entity/define'
import { nullable, requiredName, text, uuid } from '@/lib/entity/fields'

/** Private notes, on all devices of their author and nowhere else. */
export const writing_sessions = defineEntity({
  name: 'writing_sessions',
  noun: 'writing session',
  scope: { kind: 'user', column: 'user_id' },
  fields: {
    user_id: serverSet(uuid()),
    name: required(requiredName()),
    body: field(nullable(text()), 'text'),
    song_id: field(nullable(uuid())),
  },
  access: { read: ['self'], insert: ['self'], update: [{ who: ['self'] }], delete: ['self'] },
  references: [{ column: 'song_id', entity: 'songs', within: 'my-bands' }],
  describe: (row) => textIn(row, 'name'),
})
