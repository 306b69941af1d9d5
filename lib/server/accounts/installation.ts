import 'server-only'
import { env } from '../env'
import type { Person } from './person'
import { accountSettings } from './settings'

/**
 * Whether this person owns the installation: ADMIN_EMAILS names them. With a mail server only once they proved to read that address:
 * anybody could have signed up with it. Without one, owners should sign up before they let others in.
 */
export function ownsInstallation({ email, email_verified }: Pick<Person, 'email' | 'email_verified'>): boolean {
  if (!env().adminEmails.includes(email.toLowerCase())) return false
  return email_verified !== null || accountSettings().mail === null
}
