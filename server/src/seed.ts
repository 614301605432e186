import { readFileSync } from 'node:fs'
import { isAlias, operations, roleNames } from '@claviger/contract'
import { isMap, isNode, isSeq, LineCounter, parseDocument, type Document } from 'yaml'
import { z } from 'zod'
import { ClavigerError, type Scope } from '#model'
import type { Gate, SeedKey, SeedPrincipal } from '#operations'

/**
 * The seed file of a development server: keys whose ids and material are known beforehand, and principals with access keys that stand in
 * other people's tests already. docs/seed.md describes it.
 */

export interface Seed {
  /** Of the tenant; made of its id unless given. */
  readonly account: string | undefined
  /** With the line each begins at, counted from 1. */
  readonly keys: readonly (SeedKey & { readonly line: number })[]
  readonly principals: readonly (SeedPrincipal & { readonly line: number })[]
  /** As it was given, for messages. */
  readonly path: string
}

/** What is wrong with a seed file: its path, the line, and what. */
export class SeedError extends Error {
  constructor(path: string, line: number, what: string) {
    super(`${path}:${line}: ${what}`)
    this.name = 'SeedError'
  }
}

const FILE_BYTES_MAX = 1_048_576
const { description, labels, region, policy } = operations['key.create'].input.shape
const { name } = operations['principal.create'].input.shape
const { account } = operations['tenant.create'].input.shape

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MULTI_REGION = /^mrk-[0-9a-f]{32}$/
const PEM = /^-----BEGIN PRIVATE KEY-----\s([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----$/

/** YAML reads an unquoted row of digits as a number. */
const text = (expected: string) => z.string(`must be ${expected}; put it in quotes`)

const id = text('a UUID, or mrk- and 32 hexadecimal digits').refine(
  (value) => UUID.test(value) || MULTI_REGION.test(value),
  'must be a lower-case UUID, or mrk- and 32 lower-case hexadecimal digits',
)

/** Never quotes what it was given. */
const material = text('base64 or PEM').transform((value, context): Uint8Array => {
  const pem = PEM.exec(value.trim())?.[1]
  try {
    const bytes = Uint8Array.fromBase64(pem ?? value)
    if (bytes.length > 0) return bytes
  } catch {
    // The same words for whatever it is.
  }
  context.addIssue({
    code: 'custom',
    message:
      'must be base64 (the bytes of a symmetric key, PKCS#8 DER of a private one) or PEM that begins with BEGIN PRIVATE KEY',
  })
  return z.NEVER
})

/** With or without the `alias/` that AWS writes before it. */
const alias = text('a name')
  .transform((value) => value.replace(/^alias\//, ''))
  .refine(isAlias, 'must be 1 to 256 of A-Z a-z 0-9 / _ . : - and not shaped like a key id')

const key = z
  .strictObject({
    id,
    algorithm: text('the name of an algorithm').max(64).default('AES-256-GCM'),
    usage: text('a usage').max(64).optional(),
    material: material.optional(),
    aliases: z.array(alias).max(50).default([]),
    labels,
    description,
    region,
    policy: z.union([policy, z.record(z.string(), z.unknown())]).optional(),
  })
  .refine((value) => UUID.test(value.id) || value.region !== undefined, {
    message: 'a multi-Region key needs a region',
    path: ['id'],
  })

/** `tenant`, `key:KEY` or `labels:env=prod`, as the command has it. */
const scope = text('tenant, key:KEY or labels:name=value').transform((value, context): Scope => {
  const [, kind, rest = ''] = /^(tenant|key|labels)(?::(.+))?$/.exec(value) ?? []
  if (kind === 'tenant' && rest === '') return { kind }
  if (kind === 'key' && rest !== '') return { kind, key: rest.replace(/^alias\//, '') }
  if (kind === 'labels' && rest !== '') return { kind, selector: rest }
  context.addIssue({ code: 'custom', message: 'must be tenant, key:KEY or labels:name=value' })
  return z.NEVER
})

const roleName = z.enum(roleNames, `must be one of ${roleNames.join(', ')}`)
const principal = z
  .strictObject({
    name,
    kind: z.enum(['user', 'service'], 'must be user or service').default('service'),
    roles: z.array(z.strictObject({ role: roleName, on: scope.optional() })).default([]),
    accessKeys: z
      .array(
        z.strictObject({
          id: text('an access key').regex(
            /^AKIA[A-Z0-9]{12,124}$/,
            'must be AKIA and 12 or more of A-Z 0-9',
          ),
          secret: text('a secret').min(16, 'must have 16 characters or more').max(128),
        }),
      )
      .default([]),
  })
  .refine(({ kind, accessKeys }) => kind === 'service' || accessKeys.length === 0, {
    message: 'must be empty for a person, who logs in; give them to a service',
    path: ['accessKeys'],
  })

const file = z.strictObject({
  account: text('twelve digits').pipe(account.unwrap()).optional(),
  keys: z.array(key).max(1_000).default([]),
  principals: z.array(principal).max(1_000).default([]),
})

/**
 * Reads a seed file and checks what can be known before it is applied.
 *
 * @throws SeedError
 */
export function readSeed(path: string): Seed {
  return parseSeed(path, contentOf(path))
}

function contentOf(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch {
    throw new SeedError(path, 1, 'the file cannot be read')
  }
  if (bytes.length > FILE_BYTES_MAX) throw new SeedError(path, 1, 'the file is longer than 1 MiB')
  return bytes.toString()
}

/** @throws SeedError */
export function parseSeed(path: string, content: string): Seed {
  const lines = new LineCounter()
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false })
  const [wrong] = document.errors
  if (wrong !== undefined)
    throw new SeedError(path, lines.linePos(wrong.pos[0]).line, wrong.message)
  const lineOf = (where: readonly PropertyKey[]) => lineAt(document, lines, where)
  const read = file.safeParse(valueOf(document, path))
  if (!read.success) {
    const issue = read.error.issues[0]
    const where = issue?.path ?? []
    const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
    const what = `${[...where, ...unknown].join('.')}: ${issue?.message ?? 'not a seed file'}`
    throw new SeedError(path, lineOf([...where, ...unknown]), what)
  }
  return {
    path,
    account: read.data.account,
    keys: read.data.keys.map((given, at) => ({ ...keyOf(given), line: lineOf(['keys', at]) })),
    principals: read.data.principals.map(({ roles, ...given }, at) => ({
      ...given,
      roles: roles.map(({ role, on }) => ({ role, scope: on ?? { kind: 'tenant' as const } })),
      line: lineOf(['principals', at]),
    })),
  }
}

/** Aliases (`*name`) can make a small file large, and nothing here needs them. */
function valueOf(document: Document, path: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch {
    throw new SeedError(path, 1, "aliases of YAML ('*name') are not taken here")
  }
}

/** The line of what stands at a path, or of the deepest that there is on the way. */
function lineAt(document: Document, lines: LineCounter, where: readonly PropertyKey[]): number {
  let node: unknown = document.contents
  let offset = 0
  for (const step of where) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: each }) => String(each) === step)
      if (isNode(pair?.key)) offset = pair.key.range?.[0] ?? offset
      node = pair?.value
    } else if (isSeq(node)) {
      node = node.items[Number(step)]
      if (isNode(node)) offset = node.range?.[0] ?? offset
    } else break
  }
  return lines.linePos(offset).line
}

function keyOf({ id: given, policy: rules, ...about }: z.infer<typeof key>): SeedKey {
  const isMultiRegion = MULTI_REGION.test(given)
  const hex = given.slice('mrk-'.length)
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ]
  return {
    ...about,
    id: isMultiRegion ? parts.join('-') : given,
    multiRegion: isMultiRegion,
    policy: typeof rules === 'object' ? JSON.stringify(rules) : rules,
  }
}

/**
 * Makes what the file has, each key and each principal with an entry of its own in the ledger: keys first, since roles may be on them.
 *
 * @throws SeedError for what is found out only then, such as material that does not fit
 */
export async function applySeed(gate: Gate, tenant: string, seed: Seed): Promise<void> {
  const at = async (line: number, apply: () => Promise<unknown>) => {
    try {
      await apply()
    } catch (cause) {
      if (!(cause instanceof ClavigerError)) throw cause
      throw new SeedError(seed.path, line, cause.message)
    }
  }
  for (const { line, ...each } of seed.keys)
    await at(line, () => gate.performAsSystem('seed.key', tenant, each))
  for (const { line, ...each } of seed.principals)
    await at(line, () => gate.performAsSystem('seed.principal', tenant, each))
}
