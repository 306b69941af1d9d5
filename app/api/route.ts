import { nothingHere } from '@/lib/server/respond'

export const dynamic = 'force-dynamic'

/** The doors have names; /api alone is none. */
export {
  nothingHere as GET,
  nothingHere as POST,
  nothingHere as PUT,
  nothingHere as PATCH,
  nothingHere as DELETE,
  nothingHere as OPTIONS,
}
