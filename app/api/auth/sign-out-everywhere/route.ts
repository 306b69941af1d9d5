import { viewerDoor } from '@/lib/server/accounts/doors'
import { answerSignedOut } from '@/lib/server/accounts/session-answers'
import { signOutEverywhere } from '@/lib/server/accounts/sign-out-everywhere'
import { otherMethods } from '@/lib/server/respond'
import { endPresence } from '@/lib/server/writes/presence'

/** `{}` → 204: every session of the person is over, this one and held streams too. */
export const POST = viewerDoor(
  async (db, viewer) => {
    await signOutEverywhere(db, viewer)
    await endPresence(viewer.user_id, null)
    return { ok: true }
  },
  (_value, caller, request) => answerSignedOut(request, caller),
)

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
