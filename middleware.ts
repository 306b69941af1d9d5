import { type NextRequest, NextResponse } from 'next/server'

/**
 * Sends people who are already signed in from the sign-in pages to the app. It redirects and nothing more: it authorizes nothing, and
 * neither the doors under /api nor the signed-in app pass through it (docs/decisions/0003-middleware-only-redirects.md).
 */
export function middleware(request: NextRequest): NextResponse {
  const hasSession = SESSION_COOKIES.some((name) => request.cookies.has(name))
  // A form that was opened before somebody signed in in another tab is still taken.
  if (request.method !== 'GET' && request.method !== 'HEAD') return NextResponse.next()
  // A cookie may be stale: whoever the app itself sent here, with a reason or a way back in the query, must see the page.
  if (!hasSession || request.nextUrl.search !== '') return NextResponse.next()
  return NextResponse.redirect(new URL('/', request.url))
}

export const config = { matcher: ['/sign-in', '/sign-up'] }

const SESSION_COOKIES = ['next-auth.session-token', '__Secure-next-auth.session-token']
