import { answerHealth } from '@/lib/server/health'
import { guarded, otherMethods } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

/** Whether this installation works: for monitors, and for whoever starts it. */
export function GET(request: Request): Promise<Response> {
  return guarded(request, () => answerHealth())
}

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'HEAD')
