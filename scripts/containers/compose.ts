import { parse } from 'yaml'
import * as z from 'zod'

/** The parts of docker-compose.yml that the tests carry out; the whole file is checked against the specification's schema. */
const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string().optional(),
      command: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      healthcheck: z.object({ test: z.tuple([z.enum(['CMD', 'CMD-SHELL'])], z.string()) }).optional(),
      networks: z.array(z.string()).optional(),
      ports: z.array(z.string()).optional(),
    }),
  ),
  networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
})

export type Compose = z.infer<typeof composeSchema>

/** Reads a compose file with `variables` put in for `${NAME}`, `${NAME:-default}` and `${NAME:?message}`, as `docker compose` does. */
export function readCompose(source: string, variables: Readonly<Record<string, string>>): Compose {
  return composeSchema.parse(interpolate(parse(source), variables))
}

function interpolate(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') return interpolateText(value, variables)
  if (Array.isArray(value)) return value.map((item) => interpolate(item, variables))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, interpolate(item, variables)]))
}

function interpolateText(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/\$\$|\$\{(\w+)(?::([-?])([^}]*))?\}/g, (all, name?: string, operator?: string, rest = '') => {
    if (name === undefined) return '$'
    const value = variables[name]
    if (value !== undefined && value !== '') return value
    if (operator === '-') return rest
    if (operator === '?') throw new Error(`${name}: ${rest}`)
    throw new Error(`${all} has neither a value nor a default`)
  })
}
