import 'client-only'
import { MutationObserver, type MutationObserverResult } from '@tanstack/react-query'
import type { MadeWrite, Settled, WriteRefused } from '../types'
import { queryClient } from './query-client'

/** What TanStack shows of a mutation, as far as it means something for a write. */
export type WriteMutation = Pick<
  MutationObserverResult<Settled, WriteRefused, MadeWrite>,
  'status' | 'isPending' | 'data' | 'error'
>

export interface WriteOptions {
  onSuccess?: (settled: Settled) => void
  onError?: (refused: WriteRefused) => void
}

export interface ObservedWrite {
  entity: string
  made: MadeWrite
  /** As they are when the write settles. */
  options: () => WriteOptions
  onResult: (mutation: WriteMutation) => void
}

/** Makes a write a TanStack mutation, which settles when the outbox does. Fetched with the first write: until then there is nothing to observe. */
export function observeWrite({ entity, made, options, onResult }: ObservedWrite): void {
  const observer = new MutationObserver<Settled, WriteRefused, MadeWrite>(queryClient, {
    mutationKey: ['write', entity],
    mutationFn: () => made.settled,
    onSuccess: (settled) => options().onSuccess?.(settled),
    onError: (refused) => options().onError?.(refused),
  })
  const stop = observer.subscribe((result) => {
    onResult(result)
    if (!result.isPending) stop()
  })
  // How it ended is for whoever looks at the result.
  observer.mutate(made).catch(() => undefined)
}
