import { closeAccount } from '@/lib/server/accounts/close-account'
import { viewerDoor } from '@/lib/server/accounts/doors'
import { changeProfile } from '@/lib/server/accounts/profile'
import { answerDone, answerSignedOut } from '@/lib/server/accounts/session-answers'
import { otherMethods } from '@/lib/server/respond'

/** `{ name?, image? }` → 204. */
export const PATCH = viewerDoor(changeProfile, answerDone)

/** `{ password }` → 204: the account is closed. 403 names the bands and projects that would be left without an owner. */
export const DELETE = viewerDoor(closeAccount, (_value, caller, request) => answerSignedOut(request, caller))

export const { GET, HEAD, POST, PUT, OPTIONS } = otherMethods('PATCH', 'DELETE')
