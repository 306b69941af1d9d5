import type { Metadata } from 'next'
import { Heading } from '../_parts/heading'
import { InviteForm } from './invite-form'

export const metadata: Metadata = { title: 'Join a band', robots: 'noindex' }

/** Also answers `/invite/<code>` (rewritten in next.config.ts): the form takes the code from the address. */
export default function InvitePage() {
  return (
    <>
      <Heading title="Join a band">Somebody invited you with a link or a code. It works once.</Heading>
      <InviteForm />
    </>
  )
}
