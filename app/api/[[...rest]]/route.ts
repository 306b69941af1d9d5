import { nothingHere } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

/** Paths under /api that no door has, and /api alone: the doors have names. */
export {
  nothingHere as GET,
  nothingHere as POST,
  nothingHere as PUT,
  nothingHere as PATCH,
  nothingHere as DELETE,
  nothingHere as OPTIONS,
}
