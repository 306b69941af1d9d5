import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed } from '@/lib/entity/define'
import { integer, list, name, nullable, text, timeZone, timestamp, uuid } from '@/lib/entity/fields'

/** One point on a practice's agenda. */
export const agendaItem = z.strictObject({
  id: uuid(),
  text: text(2_000),
  song_id: z.optional(uuid()),
  duration_ms: z.optional(integer(0)),
})

export const practices = defineEntity({
  name: 'practices',
  noun: 'practice',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    starts_at: field(nullable(timestamp())),
    ends_at: field(nullable(timestamp())),
    time_zone: field(nullable(timeZone())),
    place: field(nullable(name())),
    agenda: field(list(agendaItem), 'list'),
    notes: field(nullable(text()), 'text'),
  },
  access: {
    read: ['member'],
    insert: ['owner', 'collaborator'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner', 'collaborator'],
  },
  references: [{ column: 'agenda', item: 'song_id', entity: 'songs', within: 'scope' }],
  notice: true,
  describe: (row) => textIn(row, 'place', 'practice'),
})
