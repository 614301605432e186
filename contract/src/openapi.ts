import { z } from 'zod'
import { errorCodes, type ErrorCode } from './errors.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations/index.ts'

/** Errors that any operation can answer with, beside those of its row. */
const COMMON: readonly ErrorCode[] = [
  'invalid_request',
  'unauthenticated',
  'forbidden',
  'sealed',
  'ledger_unavailable',
  'internal',
]

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail', 'request'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(errorCodes) },
    detail: { type: 'string' },
    request: { type: 'string' },
    field: { type: 'string' },
  },
}

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  required?: string[]
  description?: string
  default?: unknown
  [keyword: string]: unknown
}

/** Any JSON: the one schema here that refers to itself. */
const anyJson = { $ref: '#/components/schemas/Json' }
const jsonSchema = {
  anyOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'null' },
    { type: 'array', items: anyJson },
    { type: 'object', additionalProperties: anyJson },
  ],
}

function wireSchema(schema: z.ZodType): JsonSchema {
  // 'input' is the wire side of every codec.
  const {
    $schema: _,
    $defs,
    ...rest
  } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
  }) as JsonSchema
  if ($defs === undefined) return rest
  // A reference is read from the root of the document, where the definitions of a part of it are not.
  const text = JSON.stringify(rest).replaceAll('#/$defs/__schema0', anyJson.$ref)
  return JSON.parse(text) as JsonSchema
}

function describe(row: Operation) {
  const [method = '', path = ''] = row.route.split(' ')
  const schema = wireSchema(row.input)
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const fields = schema.properties ?? {}
  const required = new Set(schema.required)
  const inQuery =
    method === 'GET' ? Object.keys(fields).filter((field) => !inPath.includes(field)) : []
  const inBody = Object.keys(fields).filter(
    (field) => !inPath.includes(field) && !inQuery.includes(field),
  )
  const parameter = (where: string) => (field: string) => ({
    name: field,
    in: where,
    required: where === 'path' || required.has(field),
    description: fields[field]?.description ?? field,
    schema: fields[field],
  })
  const body = {
    ...schema,
    properties: Object.fromEntries(inBody.map((field) => [field, fields[field]])),
    required: inBody.filter((field) => required.has(field)),
  }
  const octets = { schema: { type: 'string', format: 'binary' } }
  const binary = { 'application/octet-stream': octets }
  const onlyBinary = row.octets?.output === 'body'
  const failures = [...new Set([...COMMON, ...row.errors])]
  const statuses = [...new Set(failures.map((code) => errorCodes[code].status))].toSorted(
    (a, b) => a - b,
  )
  return {
    operationId: row.name,
    summary: row.summary,
    description: `Action \`${row.action}\`. Errors: ${failures.map((code) => `\`${code}\``).join(', ')}.`,
    tags: [row.name.includes('.') ? row.name.split('.')[0] : 'use'],
    ...(row.action === 'none' ? { security: [] } : {}),
    parameters: [...inPath.map(parameter('path')), ...inQuery.map(parameter('query'))],
    ...(inBody.length > 0 || (method !== 'GET' && method !== 'DELETE')
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: { 'application/json': { schema: body }, ...(row.octets?.input ? binary : {}) },
          },
        }
      : {}),
    responses: {
      200: {
        description: 'Done',
        content: onlyBinary
          ? { [row.octets?.type ?? 'application/octet-stream']: octets }
          : {
              'application/json': { schema: wireSchema(row.output) },
              ...(row.octets?.output ? binary : {}),
            },
      },
      ...Object.fromEntries(
        statuses.map((status) => [
          status,
          {
            description: failures.filter((code) => errorCodes[code].status === status).join(', '),
            content: {
              'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
            },
          },
        ]),
      ),
    },
  }
}

/** The OpenAPI 3.1 document of the REST door, derived from the rows. `version` is the product's version. */
export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const row of Object.values(operations) as unknown as Operation[]) {
    const [method = '', path = ''] = row.route.split(' ')
    const entry = (paths[path] ??= {})
    entry[method.toLowerCase()] = describe(row)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Claviger',
      version,
      summary: 'Self-hosted key management: one keyring behind every protocol',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema, Json: jsonSchema },
    },
  }
}
