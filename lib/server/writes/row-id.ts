import 'server-only'

/** Names one row across all tables. */
export function rowId(entity: { name: string }, key: string): string {
  return `${entity.name}:${key}`
}
