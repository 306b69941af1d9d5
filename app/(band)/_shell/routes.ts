import { unreachable } from '@/lib/protocol/unreachable'

/** Every place in the signed-in app. A band's screens carry its id, so that links work for all its members. */
export type Route =
  | { kind: 'home' }
  | { kind: 'songs'; bandId: string }
  | { kind: 'members'; bandId: string }
  | { kind: 'account' }
  | { kind: 'sync' }
  | { kind: 'not-found' }

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Reads the place from a path; a path that is none says so. */
export function routeOf(pathname: string): Route {
  const [first, second, third, ...rest] = pathname.split('/').filter(Boolean)
  if (rest.length > 0) return { kind: 'not-found' }
  if (first === undefined) return { kind: 'home' }
  if (first === 'bands' && second !== undefined && UUID.test(second)) return bandRouteOf(second.toLowerCase(), third)
  if (second === undefined && (first === 'account' || first === 'sync')) return { kind: first }
  return { kind: 'not-found' }
}

function bandRouteOf(bandId: string, screen: string | undefined): Route {
  switch (screen) {
    case undefined:
    case 'songs':
      return { kind: 'songs', bandId }
    case 'members':
      return { kind: 'members', bandId }
    default:
      return { kind: 'not-found' }
  }
}

/** The path of a place. */
export function pathOf(route: Route): string {
  switch (route.kind) {
    case 'home':
    case 'not-found':
      return '/'
    case 'songs':
    case 'members':
      return `/bands/${route.bandId}/${route.kind}`
    case 'account':
    case 'sync':
      return `/${route.kind}`
    default:
      return unreachable(route)
  }
}

/** The band a place belongs to. */
export function bandOf(route: Route): string | null {
  return 'bandId' in route ? route.bandId : null
}
