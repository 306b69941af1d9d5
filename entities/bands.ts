import { textIn } from '@/lib/protocol/json'
import { defineEntity, field, required } from '@/lib/entity/define'
import { nullable, requiredName, tags, text } from '@/lib/entity/fields'

export const bands = defineEntity({
  name: 'bands',
  noun: 'band',
  scope: { kind: 'band', column: 'id' },
  fields: {
    name: required(requiredName()),
    context_audience: field(nullable(text()), 'ask'),
    context_pitch: field(nullable(text()), 'ask'),
    context_challenges: field(tags(), 'union'),
    context_goals: field(tags(), 'union'),
  },
  access: {
    read: ['member'],
    insert: ['anyone'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner'],
  },
  also: (key, _values, actor) => [
    {
      entity: 'band_members',
      values: {
        band_id: key,
        user_id: actor.user_id,
        role: 'owner',
        display_name: actor.name,
        avatar_url: actor.avatar_url,
      },
    },
  ],
  cascade: true,
  describe: (row) => textIn(row, 'name'),
})
