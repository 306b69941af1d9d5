import { BandApp } from './_shell/band-app'

// One prerendered page that holds no user data; the rewrites in next.config.ts answer every screen's path with it.
export const dynamic = 'force-static'

export default function Page() {
  return <BandApp />
}
