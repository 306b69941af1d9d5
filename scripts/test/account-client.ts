/** A browser as the account doors see one: it keeps cookies, sends its origin, and follows no redirects. */
export type AccountClient = {
  get(path: string): Promise<Response>
  /** Sends JSON. */
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body: unknown): Promise<Response>
  /** Signs in as next-auth's own client does: token first, then the form. */
  signIn(email: string, password: string, callbackUrl?: string): Promise<Response>
  /** Signs out, likewise. */
  signOut(): Promise<Response>
  cookies: Map<string, string>
}

export type AccountClientOptions = {
  /** Where the client comes from, as a proxy would say. */
  address?: string
  /** The origin of the page it shows, where that is not where requests go to. */
  origin?: string
}

/** Opens a fresh profile on the app at `url`. */
export function accountClient(url: string, { address, origin = url }: AccountClientOptions = {}): AccountClient {
  const cookies = new Map<string, string>()
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers)
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '))
    if (address !== undefined) headers.set('x-forwarded-for', address)
    const response = await fetch(`${url}${path}`, { redirect: 'manual', ...init, headers })
    for (const cookie of response.headers.getSetCookie()) keep(cookies, cookie)
    return response
  }
  const submit = async (path: string, fields: Record<string, string>) => {
    const { csrfToken } = (await (await ask('/api/auth/csrf')).json()) as { csrfToken: string }
    const body = new URLSearchParams({ csrfToken, json: 'true', ...fields })
    return ask(path, { method: 'POST', body, headers: { origin } })
  }
  return {
    cookies,
    get: (path) => ask(path),
    send: (method, path, body) =>
      ask(path, {
        method,
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', origin },
      }),
    signIn: (email, password, callbackUrl = '/') =>
      submit('/api/auth/callback/credentials', { email, password, callbackUrl }),
    signOut: () => submit('/api/auth/signout', {}),
  }
}

function keep(cookies: Map<string, string>, header: string): void {
  const [pair = '', ...attributes] = header.split(';')
  const equals = pair.indexOf('=')
  const name = pair.slice(0, equals)
  const isGone = attributes.some((each) => /^\s*(max-age=0|expires=thu, 01 jan 1970.*)$/i.test(each))
  if (isGone || pair.length === equals + 1) cookies.delete(name)
  else cookies.set(name, decodeURIComponent(pair.slice(equals + 1)))
}
