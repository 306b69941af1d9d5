import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, fixed, fixedOptional, field, required } from '@/lib/entity/define'
import { derivedUuid } from '@/lib/entity/keys'
import { nullable, text, uuid } from '@/lib/entity/fields'

/** One row per person and show or practice: the key is derived from both, so two devices never make two answers. */
export const attendance = defineEntity({
  name: 'attendance',
  noun: 'answer',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    subject_entity: fixed(z.enum(['practices', 'shows'])),
    subject_id: fixed(uuid()),
    user_id: fixedOptional(uuid()),
    answer: required(z.enum(['yes', 'no', 'maybe'])),
    note: field(nullable(text())),
  },
  access: {
    read: ['member'],
    insert: ['self'],
    update: [{ who: ['self', 'owner'] }],
    delete: ['self', 'owner'],
  },
  references: [
    {
      column: 'subject_id',
      by: 'subject_entity',
      entities: { practices: 'practices', shows: 'shows' },
      within: 'scope',
    },
  ],
  derivedKey: (values, userId) => derivedUuid(textIn(values, 'subject_id'), userId),
  describe: (row) => textIn(row, 'answer'),
})
