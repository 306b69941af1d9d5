import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { sourceFiles } from './import-map'

const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Top-level names that a path in backticks may start with; others are code, packages or web addresses. */
const OURS = readdirSync(root).filter((name) => !name.startsWith('.') && name !== 'node_modules')

function markdownFiles(directory = ''): string[] {
  return readdirSync(join(root, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(directory, entry.name)
    if (entry.name === 'node_modules' || entry.name.startsWith('.')) return []
    if (entry.isDirectory()) return markdownFiles(path)
    return entry.name.endsWith('.md') ? [path] : []
  })
}

/** Headings as GitHub names them in links. */
function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/ /g, '-'),
  )
}

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '')
}

describe.each(markdownFiles())('%s', (file) => {
  const text = withoutCode(readFileSync(join(root, file), 'utf8'))

  test('every link leads somewhere', () => {
    const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#')
        const resolved = path === '' ? file : posix.join(posix.dirname(file), path)
        if (!existsSync(join(root, resolved))) return true
        if (anchor === undefined || statSync(join(root, resolved)).isDirectory()) return false
        return !anchorsOf(readFileSync(join(root, resolved), 'utf8')).includes(anchor)
      })
    expect(broken).toEqual([])
  })

  test('every file it names exists', () => {
    const missing = [...text.matchAll(/`([\w.@()[\]/-]+)`/g)]
      .map(([, path = '']) => path)
      .filter((path) => path.includes('/') && OURS.includes(path.split('/')[0] ?? ''))
      .filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, posix.dirname(file), path)))
    expect(missing).toEqual([])
  })
})

test('every document that the code points to exists', () => {
  const missing = sourceFiles(root).flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
      .map(([path]) => path)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${file}: ${path}`),
  )
  expect(missing).toEqual([])
})

test('every npm script the documents name exists, and every npm script is documented in the README', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  const named = markdownFiles().flatMap((file) =>
    [...readFileSync(join(root, file), 'utf8').matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
  )
  expect(named.filter((name) => !(name in manifest.scripts))).toEqual([])
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  expect(Object.keys(manifest.scripts).filter((name) => !readme.includes(name))).toEqual([])
})

test('every decision is in the index under its own number and title', () => {
  const directory = join(root, 'docs/decisions')
  const index = readFileSync(join(directory, 'README.md'), 'utf8')
  const files = readdirSync(directory).filter((name) => /^\d{4}-/.test(name))
  const lines = files.map((name) => {
    const title = /^# (\d{4}) · (.+)$/m.exec(readFileSync(join(directory, name), 'utf8'))
    return `- [${title?.[1]}](${name}) ${title?.[2]}`
  })
  expect(lines.filter((line) => !index.includes(line))).toEqual([])
  const numbers = files.map((name) => name.slice(0, 4))
  expect(numbers).toEqual(numbers.map((_, at) => String(at + 1).padStart(4, '0')))
})
