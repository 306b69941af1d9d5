import { defineEntity, field, fixed, serverSet } from '@/lib/entity/define'
import { integer, nullable, text, uuid } from '@/lib/entity/fields'

/** What one person keeps beside a shared song. */
export const song_notes = defineEntity({
  name: 'song_notes',
  noun: 'note',
  scope: { kind: 'user', column: 'user_id' },
  fields: {
    user_id: serverSet(uuid()),
    song_id: fixed(uuid()),
    transpose: field(nullable(integer(-24, 24))),
    capo: field(nullable(integer(0, 24))),
    text: field(nullable(text()), 'text'),
  },
  access: { read: ['self'], insert: ['self'], update: [{ who: ['self'] }], delete: ['self'] },
  references: [{ column: 'song_id', entity: 'songs', within: 'my-bands' }],
  describe: () => 'note',
})
