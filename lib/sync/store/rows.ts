import 'client-only'
import type { AnyEntity } from '@/lib/entity/define'
import type { JsonRow } from '@/lib/protocol/json'

/** Rows of a shape by key. */
export type Rows = ReadonlyMap<string, JsonRow>

export const NO_ROWS: Rows = new Map()

/** Whether rows of this entity count their changes in `version` (where the column is not the entity's own). */
export function isVersioned(entity: AnyEntity): boolean {
  return entity.serverColumns === 'edited' && !Object.hasOwn(entity.fields, 'version')
}

export function versionOf(row: JsonRow | null | undefined): number {
  const version = row?.['version']
  return typeof version === 'number' ? version : 0
}

/** A row that does not pass the entity's schema. */
export interface LeftOut {
  key: string
  issues: string[]
}

/** A row that was kept out, and why. */
export function leftOutRow(key: string, issues: readonly Issue[]): LeftOut {
  return { key, issues: issues.map(issueWords) }
}

/** As much of a schema's issue as people are told. */
interface Issue {
  path: PropertyKey[]
  message: string
}

export function issueWords({ path, message }: Issue): string {
  return `${path.join('.')}: ${message}`
}
