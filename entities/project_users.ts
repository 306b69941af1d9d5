import { textIn } from '@/lib/protocol/json'
import * as z from 'zod/mini'
import { defineEntity, field, fixed, required } from '@/lib/entity/define'
import { name, nullable, text, uuid } from '@/lib/entity/fields'

export const project_users = defineEntity({
  name: 'project_users',
  noun: 'collaborator',
  scope: { kind: 'project', column: 'project_id', mine: 'user_id' },
  fields: {
    project_id: fixed(uuid()),
    user_id: fixed(uuid()),
    role: required(z.enum(['owner', 'collaborator'])),
    display_name: { ...field(nullable(name())), insert: 'server' },
    avatar_url: { ...field(nullable(text(2_000))), insert: 'server' },
  },
  access: {
    read: ['member'],
    insert: ['owner'],
    update: [
      { who: ['owner'], fields: ['role'] },
      { who: ['self'], fields: ['display_name', 'avatar_url'] },
    ],
    delete: ['owner', 'self'],
  },
  describe: (row) => textIn(row, 'display_name', 'someone'),
})
