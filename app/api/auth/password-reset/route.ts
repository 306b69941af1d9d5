import { afterAnswer } from '@/lib/server/accounts/after-answer'
import { openDoor } from '@/lib/server/accounts/doors'
import { requestReset } from '@/lib/server/accounts/password-reset'
import { json, otherMethods } from '@/lib/server/respond'

/** `{ email }` → 202, whether there is such an account or not. The mail goes out after the answer, so that its time tells nothing. */
export const POST = openDoor(requestReset, ({ deliver }) => {
  afterAnswer(deliver)
  return json({ message: 'If there is an account with this email, a mail is on its way.' }, { status: 202 })
})

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
