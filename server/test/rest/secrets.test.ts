import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations, type Operation, type OperationName } from '@claviger/contract'
import fc from 'fast-check'
import { requestOf, type Sent } from './client.ts'
import { startRestHouse } from './house.ts'

/**
 * What a caller sends never comes back in an error, nor stands in the log or the metrics: whatever it is put into, it may be a secret
 * that was put into the wrong field.
 */

const { owner, server } = await startRestHouse(['--log-level', 'debug'])
const { id: key } = await owner.call('key.create', { alias: 'known' })
/** Sealing ends the serving of everything else, so it comes last. */
const names = (Object.keys(operations) as OperationName[]).filter((name) => name !== 'system.seal')
const told: string[] = []

/** A secret is long enough to be found, never the same twice, and of letters that need no escaping. */
const secret = fc
  .noBias(fc.uint8Array({ minLength: 15, maxLength: 15 }))
  .map((bytes) => `${Buffer.from(bytes).toString('hex')}X`)

/** How a secret may be dressed, so that it gets past the first checks of a field. */
const dresses: readonly ((secret: string) => unknown)[] = [
  (text) => text,
  (text) => `${text}==`,
  (text) => `clv_00000000000000000000000000000000_${text}`,
  (text) => Buffer.from(text).toString('base64'),
  (text) => [text],
  (text) => [{ plaintext: text, message: text, ciphertext: text }],
  (text) => ({ a: text }),
  (text) => ({ kind: text, passphrase: text }),
  (text) => ({ kind: 'labels', selector: text }),
  (text) => ({ kind: 'passphrase', passphrase: text, more: text }),
  (text) => `a=${text}`,
  (text) => `${text}\n`,
  (text) => `2026-01-01T00:00:00Z${text}`,
]

/** The names of an operation's fields. */
function fieldsOf(name: OperationName): string[] {
  const { shape } = (operations[name] as unknown as Operation).input as unknown as {
    shape: Record<string, unknown>
  }
  return Object.keys(shape)
}

interface Case {
  readonly sent: Sent
  readonly secrets: readonly string[]
}

/** A request for an operation with a secret in some of its fields, and known values in others. */
const requests: fc.Arbitrary<Case> = fc.constantFrom(...names).chain((name) =>
  fc
    .record({
      secrets: fc.array(secret, { minLength: 12, maxLength: 12 }),
      dresses: fc.array(fc.constantFrom(...dresses), { minLength: 12, maxLength: 12 }),
      known: fc.array(fc.boolean(), { minLength: 12, maxLength: 12 }),
    })
    .map(({ secrets, dresses: chosen, known }) => {
      const input: Record<string, unknown> = {}
      for (const [at, field] of fieldsOf(name).entries()) {
        const value = secrets[at % 12] ?? ''
        const dressed = chosen[at % 12]?.(value)
        if (field === 'key' && known[at % 12] === true) input[field] = key
        else if (known[at % 12] === true) continue
        else input[field] = dressed
      }
      const inPath = (operations[name] as unknown as Operation).route.matchAll(/\{(\w+)\}/g)
      // Without it the request would be for another address.
      for (const [, field = ''] of inPath) input[field] ??= secrets[0]
      return { sent: requestOf(name, input), secrets }
    }),
)

const headers = fc.record({
  names: fc.subarray([
    'authorization',
    'claviger-context',
    'content-type',
    'accept',
    'cookie',
    'x-forwarded-for',
    'x-request-id',
    'user-agent',
    'expect-ct',
  ]),
  secret,
  bearer: fc.boolean(),
})

async function assertSilent(sent: Sent, secrets: readonly string[]): Promise<void> {
  told.push(...secrets)
  const answer = await owner.send(sent)
  if (answer.status < 400) return
  const text = `${JSON.stringify(answer.headers)}${answer.body.toString()}`
  for (const each of secrets) {
    assert.equal(text.includes(each), false, `${sent.method} ${sent.path}: ${text}`)
    assert.equal(text.includes(Buffer.from(each).toString('base64').slice(0, 20)), false)
  }
}

test('in any field of any operation', async () => {
  await fc.assert(
    fc.asyncProperty(requests, ({ sent, secrets }) => assertSilent(sent, secrets)),
    { numRuns: 1_500 },
  )
})

test('in any header', async () => {
  await fc.assert(
    fc.asyncProperty(
      requests,
      headers,
      ({ sent, secrets }, { names: chosen, secret: own, bearer }) => {
        const value = (name: string) => (name === 'authorization' && bearer ? `Bearer ${own}` : own)
        const added = Object.fromEntries(chosen.map((name) => [name, value(name)]))
        return assertSilent({ ...sent, headers: { ...sent.headers, ...added } }, [...secrets, own])
      },
    ),
    { numRuns: 300 },
  )
})

test('in the address, the query and bodies that are no JSON', async () => {
  await fc.assert(
    fc.asyncProperty(
      secret,
      fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT'),
      async (own, method) => {
        for (const path of [
          `/v1/${own}`,
          `/${own}/v1/keys`,
          `/v1/keys/${own}`,
          `/v1/keys/${own}/encrypt`,
          `/v1/keys/${own}%`,
          `/v1/keys?limit=${own}`,
          `/v1/keys?cursor=%${own}`,
          `/v1/aliases/${own}`,
          `/v1/ledger/tile/${own}`,
          `/v1/ledger/entries/${own}/proof`,
        ]) {
          await assertSilent({ method, path }, [own])
        }
        for (const body of [
          own,
          `"${own}`,
          `{"plaintext":"${own}"`,
          `{"plaintext":${own}}`,
          `[${own}]`,
        ]) {
          await assertSilent({ method: 'POST', path: `/v1/keys/${key}/encrypt`, body }, [own])
        }
      },
    ),
    { numRuns: 40 },
  )
})

test('a name that is taken, one that is not there, and material that is no good', async () => {
  await fc.assert(
    fc.asyncProperty(secret, async (own) => {
      await owner.call('alias.create', { alias: own, key })
      await owner.call('key.create', { description: own, labels: { a: own } })
      const material = Buffer.from(own).toString('base64')
      for (const [name, input] of [
        ['alias.create', { alias: own, key }],
        ['key.create', { alias: own }],
        ['alias.update', { alias: own, key: `${own}x` }],
        ['alias.delete', { alias: `${own}x` }],
        ['key.get', { key: `${own}x` }],
        ['key.import', { algorithm: 'AES', unsafePlaintext: material }],
        ['key.import', { algorithm: 'P-256', unsafePlaintext: material }],
        ['decrypt', { ciphertext: material, context: { a: own } }],
        ['system.rotateRoot', { proof: [own] }],
        ['system.reissueSeal', { proof: [own], seal: { kind: 'passphrase', passphrase: own } }],
        ['system.init', { seal: { kind: 'passphrase', passphrase: own } }],
      ] as const) {
        const sent = requestOf(name, input)
        const answer = await owner.send(sent)
        assert.ok(answer.status >= 400 && answer.status < 500, `${name}: ${answer.body.toString()}`)
        await assertSilent(sent, [own])
      }
    }),
    { numRuns: 20 },
  )
})

test('and none of it stands in the log, in the metrics or on standard output', async () => {
  assert.ok(told.length > 10_000)
  const { body } = await owner.send({ method: 'GET', path: '/metrics' })
  const { log, out } = server.process
  // Something was worth a line, or this would prove little.
  await assertLogged()
  const everything = `${log}${out}${body.toString()}`
  for (const each of told) assert.equal(everything.includes(each), false)
  assert.equal(everything.includes(owner.token ?? ''), false)
})

/** The log tells of what it refuses to do while it is sealed, at this level. */
async function assertLogged(): Promise<void> {
  await owner.call('system.seal', {})
  await owner.refuse('sealed', 'key.get', { key: told[0] ?? '' })
  await server.process.until(({ log }) => log.includes('"a request failed"'))
  assert.equal(server.process.log.includes(told[0] ?? ' '), false)
}
