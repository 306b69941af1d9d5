import { answerMe } from '@/lib/server/read-me'
import { guarded, otherMethods } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

/** Who is signed in, and how clients should behave. */
export function GET(request: Request): Promise<Response> {
  return guarded(request, () => answerMe(request))
}

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'HEAD')
