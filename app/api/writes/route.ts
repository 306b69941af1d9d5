import { guarded, otherMethods } from '@/lib/server/respond'
import { handleWrites } from '@/lib/server/writes/door'

export const dynamic = 'force-dynamic'

/** Takes an ordered batch of writes. */
export function POST(request: Request): Promise<Response> {
  return guarded(request, () => handleWrites(request))
}

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
