import { refuse } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

/** Paths under /api that no door has. */
function notFound(): Response {
  return refuse({ code: 'not_found', message: 'There is nothing at this address.' })
}

export {
  notFound as GET,
  notFound as POST,
  notFound as PUT,
  notFound as PATCH,
  notFound as DELETE,
  notFound as OPTIONS,
}
