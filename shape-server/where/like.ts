import { asText } from './values'
import type { Value } from './values'

/** A LIKE that remembers the pattern it compiled last: patterns are constants nearly always. */
export function likeMatcher(isCaseless: boolean, isNegated: boolean): (text: Value, pattern: Value) => boolean {
  let source: string | null = null
  let compiled = /$^/
  return (text, pattern) => {
    if (source !== pattern) {
      source = asText(pattern)
      compiled = likeToRegExp(source, isCaseless)
    }
    return compiled.test(asText(text)) !== isNegated
  }
}

/** `%` is any text, `_` any character (newlines too), a backslash takes the next character as it is. */
export function likeToRegExp(pattern: string, isCaseless: boolean): RegExp {
  let source = '^'
  // By code point: `_` is one character, also outside the basic plane.
  const chars = Array.from(pattern)
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? ''
    if (char === '%') source += '.*'
    else if (char === '_') source += '.'
    else if (char === '\\') {
      const next = chars[++i]
      if (next === undefined) throw new Error('LIKE pattern must not end with escape character')
      source += escape(next)
    } else source += escape(char)
  }
  return new RegExp(`${source}$`, isCaseless ? 'sui' : 'su')
}

function escape(char: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
