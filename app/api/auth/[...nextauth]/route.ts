import { handleAuth } from '@/lib/server/accounts/auth-handler'
import { guarded, otherMethods } from '@/lib/server/respond'

interface Context {
  params: Promise<{ nextauth: string[] }>
}

/** next-auth's own doors: csrf, providers, signin, callback, session, signout. */
function handle(request: Request, context: Context): Promise<Response> {
  return guarded(request, async () => handleAuth(request, (await context.params).nextauth))
}

export { handle as GET, handle as POST }
export const { PUT, PATCH, DELETE, OPTIONS } = otherMethods('GET', 'POST')
