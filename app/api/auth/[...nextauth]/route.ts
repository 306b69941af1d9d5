import { handleAuth } from '@/lib/server/accounts/auth-handler'

interface Context {
  params: Promise<{ nextauth: string[] }>
}

async function handle(request: Request, context: Context): Promise<Response> {
  return handleAuth(request, (await context.params).nextauth)
}

export { handle as GET, handle as POST }
