'use client'

import { ScreenPage } from '../../_shell/screen-page'
import { useViewer } from '../../_shell/viewer'
import { CloseAccountSection } from './close-account-section'
import { LookSection } from './look-section'
import { PasswordSection } from './password-section'
import { ProfileSection } from './profile-section'
import { SessionsSection } from './sessions-section'

/** The person's own account: name, picture, look, password, sessions, closing it. */
export default function AccountScreen() {
  const { me } = useViewer()
  return (
    <ScreenPage title="Account" subtitle={me.user.email}>
      <ProfileSection key={`${me.user.name} ${me.user.image}`} />
      <LookSection />
      <PasswordSection />
      <SessionsSection />
      <CloseAccountSection />
    </ScreenPage>
  )
}
