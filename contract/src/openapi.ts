import { z } from 'zod'
import { byteCounts } from './codecs.ts'
import {
  anyJson,
  components,
  errorsOf,
  failuresOf,
  headersOf,
  isForKnown,
  security,
  securityToRead,
} from './openapi-parts.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations/index.ts'

interface JsonSchema {
  properties?: Record<string, JsonSchema>
  required?: string[]
  description?: string
  default?: unknown
  [keyword: string]: unknown
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
    override: ({ zodSchema, jsonSchema }) => {
      if (isBytes(zodSchema)) jsonSchema['contentEncoding'] = 'base64'
    },
  }) as JsonSchema
  if ($defs === undefined) return rest
  // A reference is read from the root of the document, where the definitions of a part of it are not.
  const text = JSON.stringify(rest).replaceAll('#/$defs/__schema0', anyJson.$ref)
  return JSON.parse(text) as JsonSchema
}

/** Whether a schema is the codec of bytes, which are base64 on the wire (JSON Schema Validation 2020-12 section 8.3). */
function isBytes(schema: unknown): boolean {
  return schema instanceof z.ZodCodec && byteCounts.has(schema.def.transform)
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
  const failures = errorsOf(row)
  return {
    operationId: row.name,
    summary: row.summary,
    description: `Action \`${row.action}\`. Errors: ${failures.map((code) => `\`${code}\``).join(', ')}.`,
    tags: [row.name.includes('.') ? row.name.split('.')[0] : 'use'],
    ...securityOf(row, method),
    parameters: [
      ...inPath.map(parameter('path')),
      ...inQuery.map(parameter('query')),
      ...headersOf(row),
    ],
    ...(inBody.length > 0 || (method !== 'GET' && method !== 'DELETE')
      ? {
          requestBody: {
            required: body.required.length > 0,
            content: { 'application/json': { schema: body }, ...(row.octets?.input ? binary : {}) },
          },
        }
      : {}),
    responses: {
      200: { description: 'Done', content: contentOf(row) },
      ...failuresOf(failures),
    },
  }
}

/** What is not said is as for the whole document. */
function securityOf(row: Operation, method: string) {
  if (!isForKnown(row)) return { security: [] }
  return method === 'GET' ? { security: securityToRead } : {}
}

const octets = { schema: { type: 'string', format: 'binary' } }
const binary = { 'application/octet-stream': octets }

function contentOf(row: Operation) {
  if (row.octets?.output === 'body')
    return { [row.octets.type ?? 'application/octet-stream']: octets }
  return {
    'application/json': { schema: wireSchema(row.output) },
    ...(row.octets?.output ? binary : {}),
  }
}

/** The addresses that are no operation: notices as they come, and figures for Prometheus. */
function others(): Record<string, Record<string, unknown>> {
  const listing = describe(operations['notice.list'])
  const events = {
    ...listing,
    operationId: 'notice.watch',
    summary: 'Show notices as they come',
    parameters: [
      ...listing.parameters.filter((each) => !('name' in each && each.name === 'limit')),
      lastEventId,
    ],
    responses: {
      ...listing.responses,
      200: { description: 'Server-sent events', content: { 'text/event-stream': text } },
    },
  }
  const metrics = {
    operationId: 'metrics',
    summary: 'Show figures of the server for Prometheus',
    tags: ['system'],
    security: [],
    parameters: [],
    responses: { 200: { description: 'Done', content: { 'text/plain': text } } },
  }
  return { '/v1/events': { get: events }, '/metrics': { get: metrics } }
}

const text = { schema: { type: 'string' } }
const lastEventId = {
  name: 'Last-Event-ID',
  in: 'header',
  required: false,
  description: 'The event after which the stream begins, in place of `after`',
  schema: { type: 'string', pattern: String.raw`^\d{1,15}$` },
}

/** The OpenAPI 3.1 document of the REST door, derived from the rows. `version` is the product's version. */
export function openApi(version: string) {
  const paths: Record<string, Record<string, unknown>> = others()
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
    security,
    paths,
    components,
  }
}
