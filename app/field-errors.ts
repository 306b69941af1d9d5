/**
 * What is wrong, by field, as a sentence each: issues of our doors are `<field>: <what>`,
 * "name: must not be empty" → `{ name: 'This must not be empty.' }`. The first issue of a field counts.
 */
export function fieldErrors(issues: readonly string[]): Record<string, string> {
  const errors: Record<string, string> = {}
  for (const issue of issues) {
    const [field, ...what] = issue.split(': ')
    if (field !== undefined && what.length > 0) errors[field] ??= `This ${what.join(': ')}.`
  }
  return errors
}
