'use client'

import { useTheme } from 'next-themes'
import { Field } from '@/components/ui/field'
import { Select } from '@/components/ui/input'
import { Section } from '../../_shell/screen-page'

/** Dark, light, or as the device has it. */
export function LookSection() {
  const { theme, setTheme } = useTheme()
  return (
    <Section title="Look">
      <Field label="Colours" className="max-w-xs">
        {(control) => (
          <Select {...control} value={theme ?? 'system'} onChange={(event) => setTheme(event.currentTarget.value)}>
            <option value="system">As this device has it</option>
            <option value="dark">Dark, for the stage</option>
            <option value="light">Light</option>
          </Select>
        )}
      </Field>
    </Section>
  )
}
