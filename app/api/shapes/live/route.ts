import { answerLive } from '@/lib/server/live/answer-live'
import { guarded, otherMethods } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'
// The platform's limit, in seconds; LIVE_MAX_SECONDS stays below it.
export const maxDuration = 300

/** All live shapes of one client on one response of lines. */
export function POST(request: Request): Promise<Response> {
  return guarded(request, () => answerLive(request))
}

export const { GET, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
