import type { SampleUser } from '@/db/sample-ids'

/** One attempt to get past a door. */
export interface Attack {
  /** The family, and the variant within it. */
  group: string
  name: string
  /** Who is signed in; null for a stranger without a session. */
  as: SampleUser | null
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  path: string
  headers?: Record<string, string>
  /** As it goes over the wire. */
  body?: string
  /** What the door must answer. */
  expect: Expectation
}

export type Expectation =
  /** An error of ours with one of these statuses. */
  | { kind: 'refused'; statuses: readonly number[] }
  /** 200, and every write of the batch rejected with one of these codes. */
  | { kind: 'rejected'; codes: readonly string[] }
  /** Applied as written: this text is in this column of this row afterwards, to the letter. */
  | { kind: 'stored'; table: string; key: string; column: string; text: string }

/** What the attacks are aimed at. */
export interface Target {
  url: string
  cookieOf: (userId: string) => Promise<string>
  /** Asks the database as its owner. */
  rows: (sql: string, ...params: unknown[]) => Promise<Record<string, unknown>[]>
}

/** A POST to the write door, with everything else in order. */
export function writes(as: SampleUser | null, group: string, name: string, batch: unknown[], codes: string[]): Attack {
  return {
    group,
    name,
    as,
    method: 'POST',
    path: '/api/writes',
    body: JSON.stringify({ writes: batch }),
    expect: { kind: 'rejected', codes },
  }
}
