import 'server-only'
import { env } from '../env'

/** What account work needs to know of a request besides its words. */
export interface Caller {
  /** The network address, for rate limits; `unknown` where no proxy or server names one. */
  address: string
  /** The app's origin as this person sees it: where cookies and links belong. */
  origin: string
}

/** Reads the caller off a request's headers. */
export function callerOf(headers: Headers): Caller {
  return { address: addressOf(headers), origin: originOf(headers) }
}

/** Whether cookies for this origin are marked Secure and carry the prefix that says so. */
export function isSecure(caller: Pick<Caller, 'origin'>): boolean {
  return caller.origin.startsWith('https://')
}

function addressOf(headers: Headers): string {
  // The last hop is the one our own proxy (or Next's server) wrote down; everything before it the client may have made up.
  const hops = (headers.get('x-forwarded-for') ?? '').split(',').map((hop) => hop.trim())
  return hops.at(-1) || 'unknown'
}

function originOf(headers: Headers): string {
  const { publicOrigin } = env()
  if (publicOrigin !== null) return publicOrigin
  const host = headers.get('x-forwarded-host') ?? headers.get('host') ?? 'localhost'
  const protocol = headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https' ? 'https' : 'http'
  return `${protocol}://${host}`
}
