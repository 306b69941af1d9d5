/** Ends an exhaustive switch: does not compile while a case is missing, throws if one slips through at run time. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
