'use client'

import { Avatar } from '@/components/ui/avatar'
import { entityNamed, type Row } from '@/entities'
import { relativeWords, useNow } from '@/components/sync/relative-time'
import { useRows } from '@/lib/sync'
import { useHistory } from '@/lib/sync/react/history'
import { useBandName } from '../../_shell/band-name'
import { Section } from '../../_shell/screen-page'

const SHOWN = 8
const DONE = { insert: 'added', update: 'changed', delete: 'deleted', restore: 'restored' } as const

/** Who did what in a band lately, newest first; nothing where nothing happened. */
export function LatelyList({ bandId }: { bandId: string }) {
  const name = useBandName(bandId)
  const { rows } = useHistory('changes', bandId)
  const { rows: members } = useRows('band_members', bandId)
  const now = useNow(60_000)
  if (rows.length === 0) return null
  return (
    <Section title={`Lately in ${name}`}>
      <ul className="grid grid-cols-1 gap-2.5">
        {rows.slice(0, SHOWN).map((change) => {
          const member = members.find((each) => each.user_id === change.actor_id)
          const who = member?.display_name ?? 'Someone'
          return (
            <li key={change.id} className="flex items-center gap-3">
              <Avatar name={who} src={member?.avatar_url} size="sm" />
              <p className="line-clamp-2 min-w-0 flex-1 wrap-anywhere">
                <bdi className="font-medium">{who}</bdi> {changeWords(change)}
              </p>
              <time dateTime={change.created_at} className="shrink-0 text-xs text-ink-muted">
                {relativeWords(Date.parse(change.created_at), now)}
              </time>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

function changeWords({ op, entity, summary }: Row<'changes'>): string {
  return `${DONE[op]} the ${entityNamed(entity)?.noun ?? 'row'} “${summary}”`
}
