import type { Metadata } from 'next'
import { AccountLink } from '../_parts/account-link'
import { ExternalSignIn } from '../_parts/external-sign-in'
import { Heading } from '../_parts/heading'
import { SignUpForm } from './sign-up-form'

export const metadata: Metadata = { title: 'Open an account' }

export default function SignUpPage() {
  return (
    <>
      <Heading title="Open an account">For you; bands come after, your own or one that invited you.</Heading>
      <SignUpForm />
      <ExternalSignIn />
      <nav aria-label="Account" className="text-sm">
        <AccountLink href="/sign-in">I have an account</AccountLink>
      </nav>
    </>
  )
}
