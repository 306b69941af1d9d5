import { v5, v7 } from 'uuid'

/** A new row key or write id: uuidv7, monotonic within this process, so keys sort in the order they were made. */
export function newKey(): string {
  return v7()
}

/**
 * The key that follows from a meaning: RFC 9562 uuidv5 of `name` in the namespace of another uuid. The same on every
 * device, so that two of them never make two rows of one thing.
 */
export function derivedUuid(namespace: string, name: string): string {
  // As bytes: the library refuses namespaces whose version digits are not an RFC version, Postgres does not.
  return v5(name, uuidBytes(namespace))
}

function uuidBytes(uuid: string): Uint8Array {
  const hex = uuid.replaceAll('-', '')
  return Uint8Array.from({ length: 16 }, (_, index) => Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16))
}
