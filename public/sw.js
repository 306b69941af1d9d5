/*
 * Opens the signed-in app with no network. It keeps the one static page of the app ("the shell") and every file of its
 * build, one cache per build, and nothing else: it never touches /api, where people's work travels.
 *
 * - A page of the app is answered from the cache first. Behind it the shell is fetched again: other bytes are another
 *   build, which is put into a cache of its own and announced; open pages go on with theirs until they are reloaded.
 * - Files under /_next/static are named after their content, so the cache always wins.
 * - Any other navigation (sign-in, invites) goes to the network, and to the shell where there is none.
 */

const PREFIX = 'backline-build-'
const SHELL = '/'
const FILES = [
  '/manifest.webmanifest',
  '/icons/icon.svg',
  '/icons/icon-192.png',
  '/icons/icon-512.png',
  '/icons/maskable-512.png',
  '/icons/apple-touch-icon.png',
]
/** Paths with pages of their own; the same list as in next.config.ts (a test compares them). */
const NOT_A_SCREEN = ['api', '_next', 'dev', 'sign-in', 'sign-up', 'password', 'invite']

self.addEventListener('install', (event) => {
  // Every build has its cache, so a new worker can serve pages that the old one opened.
  event.waitUntil(keepNewestBuild().then(() => self.skipWaiting()))
})

self.addEventListener('activate', (event) => {
  event.waitUntil(self.clients.claim())
})

self.addEventListener('message', (event) => {
  if (event.data?.kind === 'check-for-update') event.waitUntil(announceNewBuild())
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin || isUnder(url.pathname, 'api')) return
  if (request.mode === 'navigate') {
    event.respondWith(isScreen(url.pathname) ? openShell(event) : openElsewhere(request))
  } else if (url.pathname.startsWith('/_next/static/') || FILES.includes(url.pathname)) {
    event.respondWith(cacheFirst(request))
  }
})

function isUnder(pathname, segment) {
  return pathname === `/${segment}` || pathname.startsWith(`/${segment}/`)
}

function isScreen(pathname) {
  return !pathname.includes('.') && !NOT_A_SCREEN.some((segment) => isUnder(pathname, segment))
}

async function openShell(event) {
  const shell = await newestShell()
  if (!shell) return fetch(event.request)
  event.waitUntil(announceNewBuild())
  return shell
}

async function openElsewhere(request) {
  try {
    return await fetch(request)
  } catch (error) {
    const shell = await newestShell()
    if (shell) return shell
    throw error
  }
}

async function cacheFirst(request) {
  for (const { cache } of await wholeBuilds()) {
    const kept = await cache.match(request.url, { ignoreVary: true })
    if (kept) return kept
  }
  return fetch(request)
}

async function newestShell() {
  const [newest] = await wholeBuilds()
  return newest?.shell
}

/** The builds we have, newest first (names carry the time of keeping). One without a shell was cut short: it does not count. */
async function wholeBuilds() {
  const names = (await caches.keys())
    .filter((name) => name.startsWith(PREFIX))
    .toSorted((a, b) => keptAt(b) - keptAt(a))
  const builds = await Promise.all(
    names.map(async (name) => {
      const cache = await caches.open(name)
      return { name, cache, shell: await cache.match(SHELL, { ignoreVary: true }) }
    }),
  )
  return builds.filter((build) => build.shell)
}

function keptAt(name) {
  return Number(name.slice(PREFIX.length).split('-')[0])
}

let checking = null

/** Looks for another build, keeps it and tells the open pages. Failing (no network) is nobody's concern: the next look comes. */
function announceNewBuild() {
  checking ??= keepNewestBuild()
    .then(async (build) => {
      if (!build.isNew) return
      for (const client of await self.clients.matchAll({ type: 'window' })) client.postMessage({ kind: 'update-ready' })
    })
    .catch(() => {})
    .finally(() => {
      checking = null
    })
  return checking
}

/** Keeps the build that the server has now, whole or not at all, and lets go of all but the one before it. */
async function keepNewestBuild() {
  const response = await fetch(SHELL, { cache: 'no-store', redirect: 'error', credentials: 'omit' })
  if (!isPage(response)) throw new Error(`the shell answered ${response.status}`)
  const html = await response.clone().text()
  const key = await digest(html)
  const [previous] = await wholeBuilds()
  if (previous?.name.endsWith(`-${key}`)) return { isNew: false }
  const name = `${PREFIX}${Date.now()}-${key}`
  try {
    const cache = await caches.open(name)
    await Promise.all([keepAssets(cache, html), cache.addAll(FILES)])
    // Last, because a cache with a shell counts as whole.
    await cache.put(SHELL, response)
  } catch (error) {
    await caches.delete(name)
    throw error
  }
  // The build before stays: pages opened from it may still load a screen.
  const old = (await caches.keys()).filter(
    (each) => each.startsWith(PREFIX) && each !== name && each !== previous?.name,
  )
  await Promise.all(old.map((each) => caches.delete(each)))
  return { isNew: previous !== undefined }
}

/** A captive portal answers with a page too; ours names its build's files. */
function isPage(response) {
  return response.ok && (response.headers.get('content-type') ?? '').includes('text/html')
}

/** Follows the names of files from the shell into its scripts, which name the screens that are loaded later. */
async function keepAssets(cache, html) {
  const seen = new Set()
  const visit = async (text) => {
    const found = assetsIn(text).filter((path) => !seen.has(path))
    for (const path of found) seen.add(path)
    await Promise.all(
      found.map(async (path) => {
        const response = await fetch(path, { credentials: 'omit' })
        if (!response.ok) throw new Error(`${path} answered ${response.status}`)
        const body = path.endsWith('.js') ? await response.clone().text() : ''
        await cache.put(path, response)
        await visit(body)
      }),
    )
  }
  await visit(html)
  if (seen.size === 0) throw new Error('the shell names no files')
}

function assetsIn(text) {
  const paths = text.matchAll(/static\/(?:chunks|css|media)\/[\w\-.~/]+\.(?:js|css|woff2|svg|png)/g)
  return [...new Set([...paths].map(([path]) => `/_next/${path}`))]
}

async function digest(text) {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  return Array.from(bytes.slice(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
