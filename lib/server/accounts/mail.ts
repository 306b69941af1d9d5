import 'server-only'
import { createTransport, type Transporter } from 'nodemailer'
import type { MailSettings } from './settings'

/** A mail to one person, in plain words and plain text. */
export interface Mail {
  to: string
  subject: string
  text: string
}

/** Sends a mail; rejects when the server does not take it. */
export async function sendMail(settings: MailSettings, mail: Mail): Promise<void> {
  await transportFor(settings.url).sendMail({ from: settings.from, ...mail })
}

let transport: { url: string; transporter: Transporter } | undefined

/** One transport per process: it opens a connection for each mail, and mails are rare. */
function transportFor(url: string): Transporter {
  if (transport?.url !== url) transport = { url, transporter: createTransport(url) }
  return transport.transporter
}
