import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { NextConfig } from 'next'

const root = dirname(fileURLToPath(import.meta.url))

/**
 * Paths that are not a screen of the signed-in app: doors, Next's own files, the developer dashboard, the account pages, and anything
 * with a dot (files of public/). Every other path is answered with the one prerendered page of app/(band), which reads the screen from
 * the location (docs/decisions/0001-one-static-client-route.md).
 */
const NOT_A_SCREEN = ['api', '_next', 'dev', 'sign-in', 'sign-up', 'password', 'invite']

const config: NextConfig = {
  // Next's gzip holds back the lines of a stream and costs CPU; whatever stands in front compresses better.
  compress: false,
  poweredByHeader: false,
  // Next's badge would lie on the navigation of a phone; errors show themselves without it.
  devIndicators: false,
  // A server runs from a copy of the build (scripts/build/ensure-build.ts).
  distDir: process.env.NEXT_DIST_DIR || '.next',
  // Not whatever directory above has a lock file.
  turbopack: { root },
  outputFileTracingRoot: root,
  reactStrictMode: true,
  ...(process.env.NEXT_OUTPUT === 'standalone' ? { output: 'standalone' as const } : {}),
  // `npm run check` type-checks the whole project; once is enough.
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ['pg', 'ws', '@neondatabase/serverless', 'bcryptjs'],
  rewrites: async () => ({
    beforeFiles: [],
    afterFiles: [
      // The code is read from the location: a page per code could not be prerendered, and its scripts not be named in the policy.
      { source: '/invite/:code', destination: '/invite' },
      { source: `/:screen((?!(?:${NOT_A_SCREEN.join('|')})(?:/|$))[^.]+)`, destination: '/' },
    ],
    fallback: [],
  }),
  headers: async () => [
    { source: '/:path*', headers: securityHeaders(process.env.NODE_ENV === 'production') },
    // A form that is posted without scripts names its origin only where it may say where it comes from, and is refused without.
    {
      source: '/:page(sign-in|sign-up|password|invite)/:rest*',
      headers: [{ key: 'referrer-policy', value: 'same-origin' }],
    },
    // The worker decides what the browser keeps: it must never be kept itself.
    { source: '/sw.js', headers: [{ key: 'cache-control', value: 'no-cache' }] },
  ],
}

export default config

function securityHeaders(production: boolean) {
  const headers = {
    'content-security-policy': contentSecurityPolicy(production),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
    'cross-origin-opener-policy': 'same-origin',
    // Browsers heed it over https only.
    ...(production ? { 'strict-transport-security': 'max-age=63072000; includeSubDomains' } : {}),
  }
  return Object.entries(headers).map(([key, value]) => ({ key, value }))
}

/**
 * In production `'inline-script-hashes'` is replaced, after the build, by the hashes of the inline scripts in the prerendered pages
 * (scripts/build/inline-script-hashes.ts): a page from the service worker's cache keeps the policy it came with, which a nonce could not.
 */
function contentSecurityPolicy(production: boolean): string {
  const scripts = production ? `'self' 'inline-script-hashes'` : `'self' 'unsafe-inline' 'unsafe-eval'`
  return [
    `default-src 'self'`,
    `script-src ${scripts}`,
    // Styles that components compute (positions, virtual rows) are attributes; they cannot be hashed.
    `style-src 'self' 'unsafe-inline'`,
    // People's pictures may lie anywhere on the web.
    `img-src 'self' data: blob: https:`,
    `connect-src 'self'${production ? '' : ' ws:'}`,
    `font-src 'self'`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ')
}
