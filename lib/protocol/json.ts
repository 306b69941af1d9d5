/** Any value JSON can carry. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
/** Columns of a row by name, as they travel. */
export type JsonRow = Record<string, Json>

/** A JSON object (not null, not an array). */
export function isJsonObject(value: unknown): value is { [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A value JSON can carry, through and through. */
export function isJson(value: unknown): value is Json {
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isJson)
  if (!isJsonObject(value)) return value === null || typeof value === 'string' || typeof value === 'boolean'
  // Not a date, a map or whatever else a browser stores and sends whole.
  return Object.prototype.toString.call(value) === '[object Object]' && Object.values(value).every(isJson)
}

/** The text in a column; `fallback` when it is empty, missing or no text. */
export function textIn(row: JsonRow, column: string, fallback = ''): string {
  const value = row[column]
  return typeof value === 'string' && value !== '' ? value : fallback
}
