import { expect, test } from 'vitest'
import { parseAccountSettings } from './settings'

test('without settings there are passwords only, and no mail', () => {
  expect(parseAccountSettings({ GITHUB_ID: '' })).toEqual({
    github: null,
    google: null,
    mail: null,
    sampleLogins: true,
  })
})

test('a production build lets the sample people in only where SAMPLE_LOGINS says so', () => {
  expect(parseAccountSettings({ NODE_ENV: 'production' }).sampleLogins).toBe(false)
  expect(parseAccountSettings({ NODE_ENV: 'production', SAMPLE_LOGINS: '0' }).sampleLogins).toBe(false)
  expect(parseAccountSettings({ NODE_ENV: 'production', SAMPLE_LOGINS: '1' }).sampleLogins).toBe(true)
})

test('half a pair of settings is refused in a sentence that names the missing one', () => {
  expect(() => parseAccountSettings({ GITHUB_ID: 'id' })).toThrow('GITHUB_SECRET is required when GITHUB_ID is set.')
  expect(() => parseAccountSettings({ GOOGLE_SECRET: 's' })).toThrow('GOOGLE_ID is required when GOOGLE_SECRET is set.')
  const mail = { SMTP_URL: 'smtp://localhost', MAIL_FROM: 'b@band.example' }
  expect(() => parseAccountSettings(mail)).toThrow('NEXTAUTH_URL is required when SMTP_URL is set')
})
