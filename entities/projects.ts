import { textIn } from '@/lib/protocol/json'
import { defineEntity, field, required } from '@/lib/entity/define'
import { integer, nullable, requiredName, text, uuid } from '@/lib/entity/fields'

/** A recording project; may include people outside the band. */
export const projects = defineEntity({
  name: 'projects',
  noun: 'project',
  scope: { kind: 'project', column: 'id' },
  fields: {
    band_id: field(nullable(uuid())),
    name: required(requiredName()),
    duration_samples: field(integer(0)),
    sample_rate: field(integer(1, 768_000)),
    notes: field(nullable(text()), 'text'),
  },
  access: {
    read: ['member'],
    insert: ['anyone'],
    update: [{ who: ['owner', 'collaborator'] }],
    delete: ['owner'],
  },
  references: [{ column: 'band_id', entity: 'bands', within: 'my-bands' }],
  also: (key, _values, actor) => [
    {
      entity: 'project_users',
      values: {
        project_id: key,
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
