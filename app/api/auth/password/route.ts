import { viewerDoor } from '@/lib/server/accounts/doors'
import { changePassword } from '@/lib/server/accounts/password-change'
import { answerSignedIn } from '@/lib/server/accounts/session-answers'
import { otherMethods } from '@/lib/server/respond'

/** `{ current_password, new_password }` → 200 and a new session; every other session of the person is over. */
export const POST = viewerDoor(changePassword, (value, caller) => answerSignedIn(value, caller))

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
