import type { Metadata } from 'next'
import { AccountLink } from '../../_parts/account-link'
import { Heading } from '../../_parts/heading'
import { ResetForm } from './reset-form'

export const metadata: Metadata = { title: 'Choose a new password' }

export default function ResetPage() {
  return (
    <>
      <Heading title="Choose a new password">
        The code works once. All other devices are signed out when the password changes.
      </Heading>
      <ResetForm />
      <nav aria-label="Account" className="text-sm">
        <AccountLink href="/password/forgot">I need a new code</AccountLink>
      </nav>
    </>
  )
}
