import { guarded, otherMethods } from '@/lib/server/respond'
import { handlePresence } from '@/lib/server/writes/presence'

export const dynamic = 'force-dynamic'

/** Tells who is here, on which page, editing what. */
export function POST(request: Request): Promise<Response> {
  return guarded(request, () => handlePresence(request))
}

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
