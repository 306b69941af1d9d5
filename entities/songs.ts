import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed, required } from '@/lib/entity/define'
import { integer, name, nullable, requiredName, tags, text, uuid } from '@/lib/entity/fields'

export const songs = defineEntity({
  name: 'songs',
  noun: 'song',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    title: required(requiredName(), 'ask'),
    artist: field(nullable(name())),
    key: field(nullable(name())),
    tempo_bpm: field(nullable(integer(1, 999))),
    duration_ms: field(nullable(integer(0))),
    tuning: field(nullable(name())),
    status: field(z.enum(['idea', 'learning', 'ready', 'retired'])),
    tags: field(tags(), 'union'),
    lyrics: field(nullable(text()), 'text'),
    notes: field(nullable(text()), 'text'),
  },
  access: {
    read: ['member'],
    insert: ['owner', 'collaborator'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner', 'collaborator'],
  },
  notice: true,
  describe: (row) => textIn(row, 'title'),
})
