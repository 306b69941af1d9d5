import { guarded, otherMethods } from '@/lib/server/respond'
import { handleInsert, isEntityPath, refuseAddress, type Path } from '@/lib/server/writes/rest'

export const dynamic = 'force-dynamic'

interface Context {
  params: Promise<Path>
}

/** Inserts one row of an entity: the write door's insert as plain REST. */
export function POST(request: Request, { params }: Context): Promise<Response> {
  return guarded(request, async () => handleInsert(request, await params))
}

const refused = otherMethods('POST')

async function otherMethod(request: Request, { params }: Context): Promise<Response> {
  if (!isEntityPath(await params)) return refuseAddress()
  return request.method === 'OPTIONS' ? refused.OPTIONS() : refused.GET()
}

export { otherMethod as GET, otherMethod as PUT, otherMethod as PATCH, otherMethod as DELETE, otherMethod as OPTIONS }
