import type { Metadata } from 'next'
import { AccountLink } from '../../_parts/account-link'
import { Heading } from '../../_parts/heading'
import { LinkForm } from './link-form'

export const metadata: Metadata = { title: 'Is this account yours?' }

export default function LinkPage() {
  return (
    <>
      <Heading title="Is this account yours?">
        There is a Backline account with this email already. Enter its password once, and from now on the other service
        signs you in too.
      </Heading>
      <LinkForm />
      <nav aria-label="Account" className="text-sm">
        <AccountLink href="/password/forgot">Forgot your password?</AccountLink>
      </nav>
    </>
  )
}
