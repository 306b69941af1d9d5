import { textIn } from '@/lib/protocol/json'
import { defineEntity, field, fixed, required, serverSet } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { integer, name, nullable, uuid } from '@/lib/entity/fields'

/**
 * How far a person has read: the key is derived, the version never falls, so reading on one device clears all.
 * Here `version` is the version that was read (it shadows the row's own, which no trigger counts for this table).
 */
export const read_marks = defineEntity({
  name: 'read_marks',
  noun: 'read mark',
  scope: { kind: 'user', column: 'user_id' },
  fields: {
    user_id: serverSet(uuid()),
    entity: fixed(name()),
    entity_id: fixed(uuid()),
    version: required(integer(0), 'max'),
    /** Conversations: `<created_at>|<message id>` of the last message read; such texts order as the messages do. */
    last_read: field(nullable(name()), 'max'),
  },
  access: { read: ['self'], insert: ['self'], update: [{ who: ['self'] }], delete: ['self'] },
  tracked: false,
  derivedKey: (values, userId) => derivedUuid(userId, `${textIn(values, 'entity')}:${textIn(values, 'entity_id')}`),
  describe: () => 'read mark',
})
