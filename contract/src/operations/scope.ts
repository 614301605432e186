import { z } from 'zod'
import * as codec from '../codecs.ts'

/** Where a right holds. */
export const scope = z.union([
  z.strictObject({ kind: z.literal('tenant') }),
  z.strictObject({ kind: z.literal('labels'), selector: codec.labelSelector }),
  z.strictObject({ kind: z.literal('key'), key: codec.keyReference }),
  z.strictObject({ kind: z.literal('alias'), pattern: codec.aliasPattern }),
])
