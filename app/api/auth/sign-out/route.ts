import { openDoor } from '@/lib/server/accounts/doors'
import { answerLeft, readSignOut } from '@/lib/server/accounts/sign-out'
import { otherMethods } from '@/lib/server/respond'

/** `{ client_id? }` → 204: this browser is signed out, whether its session still counted or not. */
export const POST = openDoor(readSignOut, answerLeft)

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
