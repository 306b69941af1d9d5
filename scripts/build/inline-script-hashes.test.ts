import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { allowInlineScripts, HASHES_PLACEHOLDER, inlineScriptHashes } from './inline-script-hashes'

test('an inline script is allowed by the hash that browsers compute', () => {
  // The example of https://www.w3.org/TR/CSP3/#csp-header
  expect(inlineScriptHashes(`<script>alert('Hello, world.');</script>`)).toEqual([
    `'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='`,
  ])
})

test('files, data blocks and empty scripts need no hash', () => {
  const html = `<script src="/a.js" async=""></script><script type="application/json">{}</script><script></script>`
  expect(inlineScriptHashes(html)).toEqual([])
})

test('every prerendered page of a build runs under its policy, each script named once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'backline-policy-'))
  try {
    mkdirSync(join(directory, 'server', 'app'), { recursive: true })
    writeFileSync(join(directory, 'server', 'app', 'index.html'), '<script>1</script><script>2</script>')
    writeFileSync(join(directory, 'server', 'app', 'sign-in.html'), '<script>1</script>')
    writeFileSync(
      join(directory, 'routes-manifest.json'),
      JSON.stringify({ policy: `script-src ${HASHES_PLACEHOLDER};` }),
    )
    allowInlineScripts(directory)
    const { policy } = JSON.parse(readFileSync(join(directory, 'routes-manifest.json'), 'utf8')) as { policy: string }
    const expected = inlineScriptHashes('<script>1</script><script>2</script>').toSorted()
    expect(policy).toBe(`script-src ${expected.join(' ')};`)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
