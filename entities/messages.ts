import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, fixed, fixedOptional, required, serverSet } from '@/lib/entity/define'
import { kilobytesAtMost, nullable, text, timestamp, uuid } from '@/lib/entity/fields'

/** A message's event stays small on the wire: R-PERF-09. */
const BODY_KILOBYTES_MAX = 5
const body = text(BODY_KILOBYTES_MAX * 1024).check(z.refine((said) => said !== '', { error: 'must not be empty' }))

export const messages = defineEntity({
  name: 'messages',
  noun: 'message',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    conversation_id: fixed(uuid()),
    body: { ...required(body), writable: body.check(kilobytesAtMost(BODY_KILOBYTES_MAX)) },
    reply_to: fixedOptional(nullable(uuid())),
    edited_at: serverSet(nullable(timestamp())),
    role: serverSet(z.enum(['user', 'system'])),
  },
  access: {
    read: ['member'],
    insert: ['member'],
    update: [{ who: ['author'] }],
    delete: ['author', 'owner'],
  },
  references: [
    { column: 'conversation_id', entity: 'conversations', within: 'scope' },
    { column: 'reply_to', entity: 'messages', within: 'scope' },
  ],
  history: { group: 'conversation_id' },
  describe: (row) => textIn(row, 'body').slice(0, 80),
})
