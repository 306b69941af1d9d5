import 'server-only'
import { env } from '../env'
import { peerAddress } from '../peer-address'
import { clientAddress } from './client-address'

/** What account work needs to know of a request besides its words. */
export interface Caller {
  /** The network address, for rate limits; `unknown` where the platform hides it and no proxy of ours tells. */
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
  const { trustedProxies } = env()
  return clientAddress({ forwardedFor: headers.get('x-forwarded-for'), peer: peerAddress(headers), trustedProxies })
}

function originOf(headers: Headers): string {
  const { publicOrigin, trustedProxies } = env()
  if (publicOrigin !== null) return publicOrigin
  const host = headers.get('host') ?? 'localhost'
  // What a proxy says of the request it took; a client may write the same, so only where a proxy is known to.
  if (trustedProxies === 0) return `http://${host}`
  const protocol = headers.get('x-forwarded-proto')?.split(',')[0]?.trim() === 'https' ? 'https' : 'http'
  return `${protocol}://${headers.get('x-forwarded-host') ?? host}`
}
