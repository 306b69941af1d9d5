import type { Metadata } from 'next'
import { AccountLink } from '../../_parts/account-link'
import { Heading } from '../../_parts/heading'
import { ForgotForm } from './forgot-form'

export const metadata: Metadata = { title: 'Choose a new password' }

export default function ForgotPage() {
  return (
    <>
      <Heading title="Choose a new password">
        We send a link to your email address. Where no mail is set up, the person who runs this installation gives you a
        one-time code instead.
      </Heading>
      <ForgotForm />
      <nav aria-label="Account" className="flex flex-wrap justify-between gap-2 text-sm">
        <AccountLink href="/password/reset">I have a code</AccountLink>
        <AccountLink href="/sign-in">Back to sign-in</AccountLink>
      </nav>
    </>
  )
}
