import { z } from 'zod'
import type { Operation } from './operation.ts'

/** What others see and approve of an operation's input: everything but its secrets. */

type Secrets = Pick<Operation, 'secrets'>

/** The schema of the input without its secrets: where one is given, it is refused. */
export function inputWithoutSecrets({
  input,
  secrets = [],
}: Secrets & Pick<Operation, 'input'>): z.ZodType {
  return secrets.reduce<z.ZodType>((schema, path) => schemaWithout(schema, path.split('.')), input)
}

function schemaWithout(schema: z.ZodType, path: readonly string[]): z.ZodType {
  if (schema instanceof z.ZodUnion)
    return z.union((schema.options as z.ZodType[]).map((one) => schemaWithout(one, path)))
  if (!(schema instanceof z.ZodObject)) return schema
  const [name = '', ...rest] = path
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>
  const { [name]: inner, ...others } = shape
  if (inner === undefined) return schema
  return z.strictObject(
    rest.length === 0 ? others : { ...shape, [name]: schemaWithout(inner, rest) },
  )
}

/** An input, on the wire or as the server works with it, without them, and itself where it has none; attacker-chosen. */
export function withoutSecrets({ secrets = [] }: Secrets, input: unknown): unknown {
  return secrets.reduce((value, path) => valueWithout(value, path.split('.')), input)
}

function valueWithout(value: unknown, [name = '', ...rest]: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value
  const { [name]: inner, ...others } = value as Readonly<Record<string, unknown>>
  if (rest.length === 0) return others
  const kept = valueWithout(inner, rest)
  return kept === inner ? value : { ...others, [name]: kept }
}
