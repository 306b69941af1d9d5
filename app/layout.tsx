import './globals.css'
import type { Metadata, Viewport } from 'next'
import type { ReactNode } from 'react'
import { Providers } from './providers'

export const metadata: Metadata = {
  title: { default: 'Backline', template: '%s · Backline' },
  description: 'Songs, setlists and shows for your band: live for everyone, and on stage with no signal.',
  applicationName: 'Backline',
  manifest: '/manifest.webmanifest',
  icons: { icon: '/icons/icon.svg', apple: '/icons/apple-touch-icon.png' },
  appleWebApp: { capable: true, title: 'Backline', statusBarStyle: 'default' },
}

export const viewport: Viewport = {
  width: 'device-width',
  initialScale: 1,
  viewportFit: 'cover',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f7f5f1' },
    { media: '(prefers-color-scheme: dark)', color: '#110f0d' },
  ],
}

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // next-themes sets the class before hydration, which React would otherwise report.
    <html lang="en" suppressHydrationWarning>
      <body>
        <noscript>
          <p className="border-b-4 border-pending bg-raised px-4 py-3 text-center">
            Backline keeps your band&rsquo;s songs on this device, and needs JavaScript for that. Allow it for this
            site, then reload.
          </p>
        </noscript>
        <Providers>{children}</Providers>
      </body>
    </html>
  )
}
