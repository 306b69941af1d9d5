import 'server-only'

/**
 * Where to go after sign-in: a path of this app and nothing else, whatever the address bar says. Anything foreign, unreadable or under
 * /api leads home.
 */
export function safeCallbackPath(requested: string | null | undefined, origin: string): string {
  if (!requested || !URL.canParse(requested, origin)) return '/'
  const url = new URL(requested, origin)
  if (url.origin !== origin) return '/'
  const path = `${url.pathname}${url.search}${url.hash}`
  // A path of "//evil.example" is a whole address to a browser; so is one that begins with a backslash.
  if (/^\/[/\\]/.test(path) || path.startsWith('/api/')) return '/'
  return path
}
