import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, fixed, fixedOptional, required } from '@/lib/entity/define'
import { nullable, requiredName, uuid } from '@/lib/entity/fields'

export const conversations = defineEntity({
  name: 'conversations',
  noun: 'conversation',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    title: required(requiredName()),
    kind: fixedOptional(z.enum(['general', 'song', 'show', 'setlist', 'practice'])),
    subject_id: fixedOptional(nullable(uuid())),
  },
  access: {
    read: ['member'],
    insert: ['owner', 'collaborator', 'viewer'],
    update: [{ who: ['author', 'owner'] }],
    delete: ['author', 'owner'],
  },
  references: [
    {
      column: 'subject_id',
      by: 'kind',
      entities: { song: 'songs', show: 'shows', setlist: 'setlists', practice: 'practices' },
      within: 'scope',
    },
  ],
  describe: (row) => textIn(row, 'title'),
})
