import type { Metadata } from 'next'
import { Heading } from '../../_parts/heading'
import { CodesForm } from './codes-form'

export const metadata: Metadata = { title: 'Hand out a code', robots: 'noindex' }

/** For owners of the installation (ADMIN_EMAILS): the server answers everybody else that they may not. */
export default function CodesPage() {
  return (
    <>
      <Heading title="Hand out a code">
        Somebody who forgot their password chooses a new one with it. Make sure it is really them before you give it
        away.
      </Heading>
      <CodesForm />
    </>
  )
}
