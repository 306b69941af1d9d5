import 'client-only'
import * as z from 'zod/mini'
import { isJson, isJsonObject, type Json, type JsonRow } from '@/lib/protocol/json'

/**
 * Schemas of what this device's storage, its other tabs and the doors hand over alike. zod's own for JSON would bring 0.8 KB along, its
 * discriminated unions 0.5 KB: what stands in its place refuses the same (docs/decisions/0014-size-of-the-sync-layer.md).
 */

export const json = z.custom<Json>(isJson)
export const jsonRow = z.custom<JsonRow>((value) => isJsonObject(value) && isJson(value))

/** Why a write was refused, or why its last attempt failed. */
export const reason = z.object({ code: z.string(), message: z.string(), issues: z.array(z.string()) })
