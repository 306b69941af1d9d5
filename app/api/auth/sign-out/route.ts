import { openDoor } from '@/lib/server/accounts/doors'
import { answerSignedOut } from '@/lib/server/accounts/session-answers'
import { otherMethods } from '@/lib/server/respond'

/** `{}` → 204: this browser is signed out, whether its session still counted or not. */
export const POST = openDoor(
  async () => ({ ok: true }),
  (_value, caller, request) => answerSignedOut(request, caller),
)

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
