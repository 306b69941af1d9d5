/** Tags as people type them: between commas, each once. */
export function parseTags(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim())
  return [...new Set(tags.filter((tag) => tag !== ''))].slice(0, TAGS_MAX)
}

/** Tags as people type them. */
export function tagsText(tags: readonly string[]): string {
  return tags.join(', ')
}

const TAGS_MAX = 50
