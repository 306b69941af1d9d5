import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands in next.config.ts where the hashes go. */
export const HASHES_PLACEHOLDER = `'inline-script-hashes'`

/**
 * Puts the hashes of all inline scripts of the prerendered pages into the content security policy of a finished build. It must run
 * after every `next build`: until then the policy lets no inline script run at all.
 */
export function allowInlineScripts(nextDirectory: string): void {
  const pages = htmlFiles(join(nextDirectory, 'server')).map((file) => readFileSync(file, 'utf8'))
  const hashes = [...new Set(pages.flatMap(inlineScriptHashes))].toSorted().join(' ')
  for (const manifest of [join(nextDirectory, 'routes-manifest.json'), standaloneManifest(nextDirectory)]) {
    if (!existsSync(manifest)) continue
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replaceAll(HASHES_PLACEHOLDER, hashes))
  }
}

/** The policy's words for every inline script of an HTML page: `'sha256-…'`. */
export function inlineScriptHashes(html: string): string[] {
  return [...html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)]
    .filter(
      ([, attributes = '', content = '']) => !/\ssrc\s*=/i.test(attributes) && content !== '' && isExecuted(attributes),
    )
    .map(([, , content = '']) => `'sha256-${createHash('sha256').update(content).digest('base64')}'`)
}

/** Data blocks (`type="application/json"`) need no permission. */
function isExecuted(attributes: string): boolean {
  const type = /\stype\s*=\s*["']?([^"'\s>]+)/i.exec(attributes)?.[1]
  return type === undefined || /^(module|text\/javascript)$/i.test(type)
}

function standaloneManifest(nextDirectory: string): string {
  return join(nextDirectory, 'standalone', '.next', 'routes-manifest.json')
}

function htmlFiles(directory: string): string[] {
  if (!existsSync(directory)) return []
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.html'))
    .map((name) => join(directory, name))
}
