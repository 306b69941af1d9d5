import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed, required, serverSet } from '@/lib/entity/define'
import { integer, list, nullable, requiredName, text, timestamp, uuid } from '@/lib/entity/fields'

/** One line of a setlist. Items name songs by id, so that changing a song rewrites no setlist. */
export const setlistItem = z.strictObject({
  id: uuid(),
  kind: z.enum(['song', 'break', 'note']),
  song_id: z.optional(uuid()),
  text: z.optional(text(2_000)),
  duration_ms: z.optional(integer(0)),
})

export const setlists = defineEntity({
  name: 'setlists',
  noun: 'setlist',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    name: required(requiredName(), 'ask'),
    notes: field(nullable(text()), 'text'),
    items: field(list(setlistItem), 'list'),
    locked_by: field(nullable(uuid())),
    locked_at: serverSet(nullable(timestamp())),
  },
  access: {
    read: ['member'],
    insert: ['owner', 'collaborator'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner', 'collaborator'],
  },
  references: [{ column: 'items', item: 'song_id', entity: 'songs', within: 'scope' }],
  ownIdOrNull: ['locked_by'],
  lock: 'locked_by',
  notice: true,
  describe: (row) => textIn(row, 'name'),
})
