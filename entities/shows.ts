import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed, required } from '@/lib/entity/define'
import { currency, integer, name, nullable, requiredName, text, timeZone, timestamp, uuid } from '@/lib/entity/fields'

export const shows = defineEntity({
  name: 'shows',
  noun: 'show',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    title: required(requiredName()),
    venue: field(nullable(name()), 'ask'),
    address: field(nullable(text())),
    starts_at: field(nullable(timestamp()), 'ask'),
    time_zone: field(nullable(timeZone())),
    load_in_at: field(nullable(timestamp())),
    set_length_ms: field(nullable(integer(0))),
    setlist_id: field(nullable(uuid())),
    status: field(z.enum(['draft', 'confirmed', 'played', 'cancelled'])),
    fee_cents: field(nullable(integer())),
    currency: field(nullable(currency())),
    notes: field(nullable(text()), 'text'),
  },
  access: {
    read: ['member'],
    insert: ['owner', 'collaborator'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner', 'collaborator'],
  },
  references: [{ column: 'setlist_id', entity: 'setlists', within: 'scope' }],
  // What a band looks at on stage, where there is no network.
  keepsWhenNear: {
    column: 'starts_at',
    withinDays: 14,
    entities: ['bands', 'band_members', 'shows', 'setlists', 'songs', 'attendance'],
  },
  notice: true,
  describe: (row) => textIn(row, 'title'),
})
