import { openDoor } from '@/lib/server/accounts/doors'
import { resetPassword } from '@/lib/server/accounts/password-reset'
import { answerSignedIn } from '@/lib/server/accounts/session-answers'
import { otherMethods } from '@/lib/server/respond'

/** `{ code, new_password }` → 200 and a new session; the code is used up and every older session is over. */
export const POST = openDoor(resetPassword, (value, caller) => answerSignedIn(value, caller))

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
