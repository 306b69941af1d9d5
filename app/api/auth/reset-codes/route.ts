import { viewerDoor } from '@/lib/server/accounts/doors'
import { issueCodeAsAdministrator } from '@/lib/server/accounts/reset-codes'
import { json, otherMethods } from '@/lib/server/respond'

/** `{ email }` from an owner of the installation → 201 `{ code, expires_at }`: shown once, to be handed to that person. */
export const POST = viewerDoor(issueCodeAsAdministrator, ({ reset }) => json(reset, { status: 201 }))

export const { GET, HEAD, PUT, PATCH, DELETE, OPTIONS } = otherMethods('POST')
