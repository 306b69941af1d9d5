import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, serverSet } from '@/lib/entity/define'
import { name, nullable, text, timestamp, uuid } from '@/lib/entity/fields'

/** The source of access: who is in which band, as what. Rows come from accepting an invite, or with the band. */
export const band_members = defineEntity({
  name: 'band_members',
  noun: 'member',
  scope: { kind: 'band', column: 'band_id', mine: 'user_id' },
  fields: {
    band_id: serverSet(uuid()),
    user_id: serverSet(uuid()),
    role: { ...field(z.enum(['owner', 'collaborator', 'viewer'])), insert: 'server' },
    joined_at: serverSet(timestamp()),
    display_name: { ...field(nullable(name())), insert: 'server' },
    avatar_url: { ...field(nullable(text(2_000))), insert: 'server' },
  },
  access: {
    read: ['member'],
    insert: [],
    update: [
      { who: ['owner'], fields: ['role'] },
      { who: ['self'], fields: ['display_name', 'avatar_url'] },
    ],
    delete: ['owner', 'self'],
  },
  describe: (row) => textIn(row, 'display_name', 'someone'),
})
