import { guarded, otherMethods } from '@/lib/server/respond'
import { handleDelete, handleUpdate, isEntityPath, refuseAddress, type Path } from '@/lib/server/writes/rest'

export const dynamic = 'force-dynamic'

interface Context {
  params: Promise<Path>
}

/** Updates one row: the write door's update as plain REST. */
export function PATCH(request: Request, { params }: Context): Promise<Response> {
  return guarded(request, async () => handleUpdate(request, await params))
}

/** Deletes one row. */
export function DELETE(request: Request, { params }: Context): Promise<Response> {
  return guarded(request, async () => handleDelete(request, await params))
}

const refused = otherMethods('PATCH', 'DELETE')

async function otherMethod(request: Request, { params }: Context): Promise<Response> {
  if (!isEntityPath(await params)) return refuseAddress()
  return request.method === 'OPTIONS' ? refused.OPTIONS() : refused.GET()
}

export { otherMethod as GET, otherMethod as POST, otherMethod as PUT, otherMethod as OPTIONS }
