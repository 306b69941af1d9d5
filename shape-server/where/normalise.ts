import { quoteLiteral } from '../postgres/identifiers'
import { fields, WHERE_PREFIX } from './parse'
import type { Scope } from './scope'
import { typeText } from './types'

/** SQL with `'value'::type` in place of its params. The grammar counts locations in bytes; `base` is where the text begins in them. */
export function substituteParams(sql: string, node: unknown, scope: Scope, base = WHERE_PREFIX.length): string {
  const places: { at: number; number: number }[] = []
  visit(node, (kind, f) => {
    if (kind === 'ParamRef') places.push({ at: Number(f['location'] ?? 0) - base, number: Number(f['number']) })
  })
  if (places.length === 0) return sql
  places.sort((a, b) => a.at - b.at)
  const bytes = Buffer.from(sql)
  let text = ''
  let done = 0
  for (const { at, number } of places) {
    const type = scope.paramTypes.get(number)
    const cast = type?.kind === 'base' || type?.kind === 'array' ? `::${typeText(type)}` : '::text'
    text += `${bytes.toString('utf8', done, at)}${quoteLiteral(scope.params[String(number)] ?? '')}${cast}`
    done = at + 1 + String(number).length
  }
  return text + bytes.toString('utf8', done)
}

/** The tree without places and with params filled in: equal for clauses that differ in spaces, letter case and parentheses only. */
export function normalise(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => normalise(item, scope))
  const entries = fields(value)
  if (!entries) return value
  const copy: Record<string, unknown> = {}
  for (const [key, child] of Object.entries(entries)) {
    if (key === 'location' || key.startsWith('rexpr_list_')) continue
    if (key !== 'ParamRef') {
      copy[key] = normalise(child, scope)
      continue
    }
    const number = Number(fields(child)?.['number'])
    const type = scope.paramTypes.get(number)
    copy[key] = [scope.params[String(number)], type ? typeText(type) : null]
  }
  return copy
}

function visit(value: unknown, see: (kind: string, f: Record<string, unknown>) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see)
  const entries = fields(value)
  if (!entries) return
  for (const [kind, child] of Object.entries(entries)) {
    const inner = fields(child)
    if (inner) see(kind, inner)
    visit(child, see)
  }
}
