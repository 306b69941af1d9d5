import { readShape } from '@/lib/server/read/read-shape'
import { guarded, otherMethods } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

type Context = { params: Promise<{ entity: string }> }

/** An ordinary Electric shape endpoint for one entity and scope, authorized. */
export function GET(request: Request, context: Context): Promise<Response> {
  return guarded(request, async () => readShape(request, (await context.params).entity))
}

export const { POST, PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'HEAD')
