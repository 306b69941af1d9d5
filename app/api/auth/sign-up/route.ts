import { openDoor } from '@/lib/server/accounts/doors'
import { answerSignedIn } from '@/lib/server/accounts/session-answers'
import { signUp } from '@/lib/server/accounts/sign-up'
import { otherMethods } from '@/lib/server/respond'

/** `{ email, password, name }` → 201 and a session. */
export const POST = openDoor(signUp, (value, caller) => answerSignedIn(value, caller, 201))

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
