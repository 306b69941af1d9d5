import * as z from 'zod/mini'

// The content security policy forbids eval, and zod asks for it when a schema is made: import this before any schema.
z.config({ jitless: true })
