import { SAMPLE_PASSWORD, SAMPLE_USERS, type SampleUser } from '@/db/sample-ids'

/** Signs in one of the sample people as a program does, through next-auth's own doors; returns the `cookie` header. */
export async function signInByHttp(appUrl: string, name: SampleUser): Promise<string> {
  const jar = new Map<string, string>()
  const call = async (path: string, init: Pick<RequestInit, 'method' | 'body'> = {}) => {
    const cookie = [...jar].map(([key, value]) => `${key}=${value}`).join('; ')
    const answer = await fetch(`${appUrl}${path}`, {
      ...init,
      redirect: 'manual',
      headers: { cookie },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, key = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      jar.set(key, value)
    }
    return answer
  }
  const { csrfToken } = (await (await call('/api/auth/csrf')).json()) as { csrfToken: string }
  const form = new URLSearchParams({ csrfToken, email: SAMPLE_USERS[name].email, password: SAMPLE_PASSWORD })
  const answer = await call('/api/auth/callback/credentials', { method: 'POST', body: form })
  if (![...jar.keys()].some((key) => key.includes('session-token'))) {
    throw new Error(
      `${name} could not sign in: ${answer.status} ${answer.headers.get('location')} ${await answer.text()}`,
    )
  }
  return [...jar].map(([key, value]) => `${key}=${value}`).join('; ')
}
