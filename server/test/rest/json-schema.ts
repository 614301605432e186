/** JSON Schema 2020-12, as much of it as the OpenAPI document uses; a keyword that is not known here is an error. */

export interface Schema {
  readonly type?: string
  readonly [keyword: string]: unknown
}

interface Components {
  readonly schemas: Record<string, Schema>
}

const annotations = new Set(['description', 'title', 'default', 'format', 'examples'])

type Check = (value: unknown, operand: unknown, schema: Schema, components: Components) => string[]

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function is(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
      return isObject(value)
    case 'null':
      return value === null
    default:
      return typeof value === type
  }
}

function unless(holds: boolean, problem: string): string[] {
  return holds ? [] : [problem]
}

function size(value: unknown): number | undefined {
  // Lengths are in characters, which are code points (RFC 8259 section 8.2, JSON Schema validation section 6.3).
  if (typeof value === 'string') return [...value].length
  return Array.isArray(value) ? value.length : undefined
}

const least: Check = (value, operand) =>
  unless((size(value) ?? Infinity) >= Number(operand), 'too short')
const most: Check = (value, operand) => unless((size(value) ?? 0) <= Number(operand), 'too long')

function each(values: readonly Schema[], value: unknown, components: Components) {
  return values.map((schema) => conforms(value, schema, components))
}

/** Standard base64 in its one spelling, which the document asks for wherever bytes are. */
function isBase64(value: unknown): boolean {
  return typeof value !== 'string' || Buffer.from(value, 'base64').toString('base64') === value
}

const checks: Readonly<Record<string, Check>> = {
  contentEncoding: (value, encoding) =>
    unless(encoding === 'base64' && isBase64(value), 'not in the encoding'),
  type: (value, type) => unless(is(value, String(type)), `not of type ${String(type)}`),
  enum: (value, values) => unless((values as unknown[]).includes(value), 'not one of the values'),
  const: (value, constant) => unless(value === constant, 'not the value'),
  minLength: least,
  maxLength: most,
  minItems: least,
  maxItems: most,
  minimum: (value, bound) =>
    unless(typeof value !== 'number' || value >= Number(bound), 'too small'),
  maximum: (value, bound) =>
    unless(typeof value !== 'number' || value <= Number(bound), 'too large'),
  pattern: (value, pattern) =>
    unless(
      typeof value !== 'string' || new RegExp(String(pattern), 'u').test(value),
      'not of the pattern',
    ),
  required: (value, fields) =>
    (fields as string[]).flatMap((field) =>
      unless(!isObject(value) || Object.hasOwn(value, field), `${field} is missing`),
    ),
  properties: (value, properties, _schema, components) =>
    Object.entries(properties as Record<string, Schema>).flatMap(([field, schema]) =>
      isObject(value) && Object.hasOwn(value, field)
        ? conforms(value[field], schema, components).map((problem) => `${field}: ${problem}`)
        : [],
    ),
  additionalProperties: (value, allowed, schema, components) => {
    if (!isObject(value)) return []
    const known = new Set(Object.keys((schema['properties'] as object | undefined) ?? {}))
    const more = Object.entries(value).filter(([field]) => !known.has(field))
    if (allowed === false) return more.map(([field]) => `${field} is not allowed`)
    return more.flatMap(([field, member]) =>
      conforms(member, allowed as Schema, components).map((problem) => `${field}: ${problem}`),
    )
  },
  propertyNames: (value, schema, _schema, components) =>
    isObject(value)
      ? Object.keys(value).flatMap((field) => conforms(field, schema as Schema, components))
      : [],
  items: (value, schema, _schema, components) =>
    Array.isArray(value)
      ? value.flatMap((item) => conforms(item, schema as Schema, components))
      : [],
  anyOf: (value, schemas, _schema, components) =>
    unless(
      each(schemas as Schema[], value, components).some((problems) => problems.length === 0),
      'none of the alternatives',
    ),
  oneOf: (value, schemas, _schema, components) =>
    unless(
      each(schemas as Schema[], value, components).filter((problems) => problems.length === 0)
        .length === 1,
      'not exactly one of the alternatives',
    ),
  $ref: (value, reference, _schema, components) => {
    const schema = components.schemas[String(reference).replace('#/components/schemas/', '')]
    return schema === undefined ? ['leads nowhere'] : conforms(value, schema, components)
  },
}

/** What is wrong of a value by a schema; nothing where it conforms. @throws Error for a keyword that is not known */
export function conforms(value: unknown, schema: Schema, components: Components): string[] {
  return Object.entries(schema).flatMap(([keyword, operand]) => {
    if (annotations.has(keyword)) return []
    const check = checks[keyword]
    if (check === undefined) throw new Error(`The keyword ${keyword} is not known`)
    return check(value, operand, schema, components)
  })
}
