import type { Metadata } from 'next'
import { AccountLink } from '../_parts/account-link'
import { ExternalSignIn } from '../_parts/external-sign-in'
import { Heading } from '../_parts/heading'
import { SignInNotice } from '../_parts/sign-in-notice'
import { SignInForm } from './sign-in-form'

export const metadata: Metadata = { title: 'Sign in' }

export default function SignInPage() {
  return (
    <>
      <Heading title="Sign in" />
      <SignInNotice />
      <SignInForm />
      <ExternalSignIn />
      <nav aria-label="Account" className="flex flex-wrap justify-between gap-2 text-sm">
        <AccountLink href="/sign-up">Open an account</AccountLink>
        <AccountLink href="/password/forgot">Forgot your password?</AccountLink>
      </nav>
    </>
  )
}
