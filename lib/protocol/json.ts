/** Any value JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** Columns of a row by name, as they travel. */
export type JsonRow = Record<string, Json>

/** A JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The text in a column; `fallback` when it is empty, missing or no text. */
export function textIn(row: JsonRow, column: string, fallback = ''): string {
  const value = row[column]
  return typeof value === 'string' && value !== '' ? value : fallback
}
