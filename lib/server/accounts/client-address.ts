import 'server-only'
import { isIPv6 } from 'node:net'

/** Everybody whose address cannot be known shares one. */
export const UNKNOWN_ADDRESS = 'unknown'

/** What a request says about the way it came. */
export interface Route {
  /** The x-forwarded-for header. */
  forwardedFor: string | null
  /** The other end of the connection, if it is known. */
  peer: string | null
  /** How many proxies in front of this server are our own; each of them appends the address that it was asked from. */
  trustedProxies: number
}

/**
 * The address of whoever sent a request: the peer, or, behind proxies of our own, the entry that the outermost of them appended. Entries
 * before that one are the client's invention. A request with fewer entries did not come through all of them: then the peer sent it.
 */
export function clientAddress({ forwardedFor, peer, trustedProxies }: Route): string {
  const hops = (forwardedFor ?? '').split(',').map((hop) => hop.trim())
  const way = [...hops, peer ?? UNKNOWN_ADDRESS].filter((hop) => hop !== '')
  return way.at(-1 - trustedProxies) ?? peer ?? UNKNOWN_ADDRESS
}

/** What one attacker can be expected to hold: a single IPv4 address, but all of an IPv6 network (64 bits). */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const withoutZone = address.split('%')[0] ?? ''
  return isIPv6(withoutZone) ? `${expand(withoutZone).slice(0, 4).join(':')}::/64` : address
}

/** The eight groups of an IPv6 address. */
function expand(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head.split(':').filter((group) => group !== '')
  const after = (tail ?? '').split(':').filter((group) => group !== '')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array.from({ length: zeros }, () => '0'), ...after].map((group) =>
    group.replace(/^0+(?=.)/, ''),
  )
}
