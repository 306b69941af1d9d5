import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, fixed, fixedOptional, required, serverSet } from '@/lib/entity/define'
import { nullable, text, timestamp, uuid } from '@/lib/entity/fields'

/** Bytes of a body are at most 5 KB on the wire when it is plain text: R-PERF-09. */
const BODY_MAX = 5_000

export const messages = defineEntity({
  name: 'messages',
  noun: 'message',
  scope: { kind: 'band', column: 'band_id' },
  fields: {
    band_id: fixed(uuid()),
    conversation_id: fixed(uuid()),
    body: required(text(BODY_MAX).check(z.minLength(1))),
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
