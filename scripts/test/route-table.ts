import { readdirSync } from 'node:fs'
import { join, posix } from 'node:path'

/** One `route.ts` of the app directory, by Next's file convention. */
export type Route = { file: string; segments: readonly Segment[] }

type Segment =
  { kind: 'static'; text: string } | { kind: 'param'; name: string } | { kind: 'rest'; name: string; optional: boolean }

export type RouteMatch = { file: string; params: Record<string, string | string[]> }

/** All routes below `directory` (inside `root`), the most specific first. */
export function readRoutes(root: string, directory: string): Route[] {
  const files = readdirSync(join(root, directory), { recursive: true, encoding: 'utf8' })
    .map((name) => posix.join(directory, name.replaceAll('\\', '/')))
    .filter((file) => posix.basename(file) === 'route.ts')
  return files.map((file) => ({ file, segments: segmentsOf(file) })).toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))
}

/** The route that answers `path`, and its params, decoded; undefined where no file fits. */
export function matchRoute(routes: readonly Route[], path: string): RouteMatch | undefined {
  const parts = path.split('/').filter((part) => part !== '')
  for (const { file, segments } of routes) {
    const params = matchSegments(segments, parts)
    if (params !== undefined) return { file, params }
  }
  return undefined
}

function matchSegments(segments: readonly Segment[], parts: readonly string[]): RouteMatch['params'] | undefined {
  const params: RouteMatch['params'] = {}
  for (const [index, segment] of segments.entries()) {
    const part = parts[index]
    switch (segment.kind) {
      case 'static':
        if (part !== segment.text) return undefined
        break
      case 'param':
        if (part === undefined) return undefined
        params[segment.name] = decodeURIComponent(part)
        break
      case 'rest':
        if (part === undefined && !segment.optional) return undefined
        params[segment.name] = parts.slice(index).map(decodeURIComponent)
        return params
    }
  }
  return parts.length === segments.length ? params : undefined
}

function segmentsOf(file: string): Segment[] {
  const names = posix.dirname(file).split('/').slice(1)
  return names.filter((name) => !/^\(.*\)$/.test(name)).map(toSegment)
}

function toSegment(name: string): Segment {
  const optional = /^\[\[\.\.\.(\w+)\]\]$/.exec(name)?.[1]
  if (optional !== undefined) return { kind: 'rest', name: optional, optional: true }
  const rest = /^\[\.\.\.(\w+)\]$/.exec(name)?.[1]
  if (rest !== undefined) return { kind: 'rest', name: rest, optional: false }
  const param = /^\[(\w+)\]$/.exec(name)?.[1]
  return param === undefined ? { kind: 'static', text: name } : { kind: 'param', name: param }
}

/** Compares segment by segment: a word before a param before a rest, as Next does. */
function rank({ segments }: Route): string {
  const order = { static: '0', param: '1', rest: '2' }
  return segments.map((segment) => order[segment.kind]).join('') + '3'
}
