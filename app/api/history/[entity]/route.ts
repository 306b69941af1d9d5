import { answerHistory } from '@/lib/server/history/answer-history'
import { guarded, otherMethods } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

type Context = { params: Promise<{ entity: string }> }

/** Pages of older or deleted rows, newest first. */
export function GET(request: Request, context: Context): Promise<Response> {
  return guarded(request, async () => answerHistory(request, (await context.params).entity))
}

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'HEAD')
