'use client'

import { DiscardButton, ExportButton, OutboxList, RetryButton } from '@/components/sync/outbox-tray'
import { connectionWord, stuckWords } from '@/components/sync/status-words'
import { SyncStateLine } from '@/components/sync/sync-state-line'
import { Button } from '@/components/ui/button'
import { Callout } from '@/components/ui/callout'
import { ConfirmDialog } from '@/components/ui/confirm-dialog'
import { useConnection, useOutbox, useSync, type OutboxItem } from '@/lib/sync'
import { useState } from 'react'
import { ScreenPage, Section } from '../../_shell/screen-page'
import { useViewer } from '../../_shell/viewer'
import { BandQuestions } from './band-questions'
import { EditRefusedDialog } from './edit-refused-dialog'
import { StorageLine } from './storage-line'

/** What is on its way, what was refused, what two people must settle: nothing is hidden and nothing is lost. */
export default function SyncScreen() {
  const connection = useConnection()
  const { entries, refused, retry, discard, edit, export: exportText } = useOutbox()
  const { memberships } = useViewer()
  const sync = useSync()
  const [discarding, setDiscarding] = useState<OutboxItem | null>(null)
  const [editing, setEditing] = useState<OutboxItem | null>(null)
  const word = connectionWord(connection)
  const isOnline = word === 'Connected'
  const unsent = entries.filter((entry) => entry.state !== 'saved')

  return (
    <ScreenPage
      title="Sync"
      subtitle="Where your work is, in plain words."
      actions={
        // Not for the moment in which every page finds its connection.
        word === 'Offline' || connection.stuck !== null ? (
          <Button variant="secondary" onClick={() => sync?.wake()}>
            Try now
          </Button>
        ) : null
      }
    >
      <div className="grid grid-cols-1 gap-1.5">
        <SyncStateLine connection={connection} />
        {connection.stuck === null ? null : <Callout tone="warning">{stuckWords(connection.stuck)}</Callout>}
        <StorageLine connection={connection} />
      </div>
      <Section
        title="Waiting to be sent"
        hint={waitingHint(unsent)}
        actions={unsent.length + refused.length > 0 ? <ExportButton exportText={exportText} /> : null}
      >
        {unsent.length > 0 ? (
          <OutboxList
            label="Waiting to be sent"
            items={unsent}
            isOnline={isOnline}
            // What may have reached the server cannot be given up any more.
            actions={(item) =>
              item.state === 'sending' ? null : <DiscardButton item={item} onPress={() => setDiscarding(item)} />
            }
          />
        ) : null}
      </Section>
      {refused.length > 0 ? (
        <Section title="Refused" hint="These changes were not saved. They stay here until you decide.">
          <OutboxList
            label="Refused"
            items={refused}
            isOnline={isOnline}
            actions={(item) => (
              <>
                <RetryButton item={item} onPress={retry} />
                {item.op === 'insert' || item.op === 'update' ? (
                  <Button size="sm" variant="secondary" onClick={() => setEditing(item)}>
                    Edit
                  </Button>
                ) : null}
                <DiscardButton item={item} onPress={() => setDiscarding(item)} />
              </>
            )}
          />
        </Section>
      ) : null}
      <Section title="To be settled" hint="Where two people changed the same thing.">
        {memberships.map(({ band_id }) => (
          <BandQuestions key={band_id} bandId={band_id} />
        ))}
      </Section>
      {editing ? (
        <EditRefusedDialog
          item={editing}
          onSave={(values) => edit(editing.id, values)}
          onClose={() => setEditing(null)}
        />
      ) : null}
      <ConfirmDialog
        open={discarding !== null}
        onOpenChange={(open) => !open && setDiscarding(null)}
        title="Discard this change?"
        description={`The change to “${discarding?.label ?? ''}” is given up for good, with whatever was built on it.`}
        confirm="Discard change"
        onConfirm={() => {
          if (discarding) discard(discarding.id)
          setDiscarding(null)
        }}
      />
    </ScreenPage>
  )
}

function waitingHint(unsent: readonly OutboxItem[]): string {
  if (unsent.length === 0) return 'Nothing waits: all your work has arrived.'
  const isStored = unsent.every((item) => item.isStored)
  return isStored ? 'Stored on this device, sent in this order.' : 'Sent in this order.'
}
