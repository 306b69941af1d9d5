import 'server-only'

/**
 * One value per process. Next bundles each route on its own and may load a module several times; what routes must share
 * (upstream polls, queued checks) therefore hangs on the global object, under a symbol.
 */
export function processWide<T>(name: string, make: () => T): T {
  const held = globalThis as unknown as Record<symbol, T | undefined>
  const key = Symbol.for(`backline.${name}`)
  return (held[key] ??= make())
}
