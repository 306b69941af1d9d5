import type { Metadata } from 'next'
import { Button } from '@/components/ui/button'
import { Heading } from '../_parts/heading'
import { signOutAction } from '../actions'

export const metadata: Metadata = { title: 'Sign out' }

export default function SignOutPage() {
  return (
    <>
      <Heading title="Sign out?">
        This browser forgets who you are. To see first what is not saved yet, sign out from your account in the app.
      </Heading>
      <form action={signOutAction} className="grid">
        <Button type="submit" size="lg">
          Sign out
        </Button>
      </form>
    </>
  )
}
