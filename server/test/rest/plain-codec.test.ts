import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { operations, type Operation } from '@claviger/contract'
import fc from 'fast-check'
import { z } from 'zod'
import type { $ZodType } from 'zod/v4/core'
import { DECLINED, plainStep } from '../../src/doors/rest/plain-codec.ts'
import { definitionOf } from '../../src/doors/rest/plain-schema.ts'
import { plainText } from '../../src/doors/rest/plain-text.ts'

/**
 * The short way agrees with the schema in whatever it takes, over values made from the rows' own schemas: mostly what they ask for, and
 * now and then something else in its place, beside it or instead of it.
 */

const oddities: readonly unknown[] = [
  [null, undefined, true, 0, -1, 1.5, 2 ** 32, 2 ** 53, Number.NaN],
  ['', 'x', '\ud800', 'x'.repeat(300), 'AA==', 'AB==', 'AA', 'A A='],
  [[], [undefined], {}, { a: 1 }, { length: 5 }, new Uint8Array(20), new Date(0), new Map()],
].flat(1)
const anything = fc.constantFrom(...oddities)
const text = fc.oneof(
  fc.uuid(),
  fc.string({ maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('key', 'team/orders', 'orders//', 'env=prod', '1970-01-01T00:00:00.000Z'),
)
const bytes = fc.uint8Array({ maxLength: 70 })
const base64 = bytes.map((value) => value.toBase64())

/** Values that a schema may be given on the wire, or on the other side: mostly such as it asks for. */
function valuesFor(schema: $ZodType, side: 'wire' | 'inside'): fc.Arbitrary<unknown> {
  const likely = likelyFor(definitionOf(schema), side)
  return fc.oneof({ weight: 12, arbitrary: likely }, { weight: 1, arbitrary: anything })
}

function likelyFor(
  def: ReturnType<typeof definitionOf>,
  side: 'wire' | 'inside',
): fc.Arbitrary<unknown> {
  switch (def.type) {
    case 'object': {
      const fields = Object.entries(def.shape).map(([name, schema]) => [
        name,
        valuesFor(schema, side),
      ])
      const required = Object.entries(def.shape).filter(
        ([, schema]) => definitionOf(schema).type !== 'optional',
      )
      const whole = fc.record(Object.fromEntries(fields) as Record<string, fc.Arbitrary<unknown>>, {
        requiredKeys: required.map(([name]) => name),
      })
      const more = fc.dictionary(fc.constantFrom('more', '__proto__', 'toString'), anything)
      return fc.oneof(
        { weight: 12, arbitrary: whole },
        {
          weight: 1,
          arbitrary: fc.tuple(whole, more).map(([some, other]) => ({ ...some, ...other })),
        },
        { weight: 1, arbitrary: fc.record({}) },
      )
    }
    case 'optional':
      return valuesFor(def.innerType, side)
    case 'array':
      return fc.array(valuesFor(def.element, side), { maxLength: 3 })
    case 'union':
      return fc.oneof(...def.options.map((option) => valuesFor(option, side)))
    case 'record':
      return fc.dictionary(text, text, { maxKeys: 4 })
    case 'enum':
      return fc.constantFrom(...Object.values(def.entries))
    case 'number':
      return fc.oneof(fc.integer({ min: -2, max: 2_000 }), fc.double())
    case 'boolean':
      return fc.boolean()
    case 'pipe':
      return side === 'wire' ? fc.oneof(base64, text) : fc.oneof(bytes, fc.integer())
    default:
      return text
  }
}

const rows: readonly Operation[] = Object.values(operations)

suite('the short way of every row', () => {
  for (const row of rows) {
    test(`${row.name}: what it decodes, the schema decodes to the same`, () => {
      const step = plainStep(row.input)
      const property = fc.property(valuesFor(row.input, 'wire'), (value) => {
        const plain = step(value)
        if (plain === DECLINED) return
        assert.deepEqual(plain, row.input.decode(value))
      })
      fc.assert(property, { numRuns: 200 })
    })

    test(`${row.name}: what it encodes, the schema encodes to the same`, () => {
      const text = plainText(row.output)
      const property = fc.property(valuesFor(row.output, 'inside'), (value) => {
        const plain = text(value)
        if (plain === undefined) return
        assert.equal(plain, JSON.stringify(row.output.encode(value)))
      })
      fc.assert(property, { numRuns: 200 })
    })
  }
})

const key = '0190c9c1-0000-7000-8000-000000000001'

suite('the busy rows take the short way', () => {
  const inputs: readonly (readonly [Operation, object])[] = [
    [operations.encrypt, { key: 'orders', plaintext: 'AA==', context: { table: 'orders' } }],
    [operations.decrypt, { ciphertext: 'AA==' }],
    [operations.datakey, { key }],
    [operations.sign, { key, message: 'AA==' }],
    [operations.verify, { key, message: 'AA==', signature: 'AA==' }],
    [operations.encryptBatch, { key, items: [{ plaintext: 'AA==' }, { plaintext: '' }] }],
  ]
  for (const [row, input] of inputs) {
    test(`${row.name} inwards`, () => {
      assert.deepEqual(plainStep(row.input)(input), row.input.decode(input))
    })
  }

  const ciphertext = new Uint8Array(30)
  const outputs: readonly (readonly [Operation, object])[] = [
    [operations.encrypt, { ciphertext, key, version: 1 }],
    [operations.decrypt, { plaintext: new Uint8Array(), key, version: 1 }],
    [operations.encryptBatch, { items: [{ ciphertext, key, version: 1 }] }],
  ]
  for (const [row, output] of outputs) {
    test(`${row.name} outwards`, () => {
      assert.equal(plainText(row.output)(output), JSON.stringify(row.output.encode(output)))
    })
  }
})

test('what the short way does not know, it leaves to the schema', () => {
  const unknown: readonly (readonly [z.ZodType, unknown])[] = [
    [z.object({ a: z.string() }), { a: 'x' }],
    [z.looseObject({ a: z.string() }), { a: 'x' }],
    [z.strictObject({ toString: z.string() }), { toString: 'x' }],
    [z.strictObject({ a: z.string() }).refine(() => false), { a: 'x' }],
    [z.string().min(2), '\u{10000}'],
    [z.string().max(1), '\u{10000}'],
    [z.string().trim(), ' x '],
    [z.string().regex(/x/g), 'x'],
    [z.email(), 'a@b.example'],
    [z.coerce.number(), 1],
    [z.number(), 1],
    [z.int().gt(0), 1],
    [z.literal('x'), 'x'],
    [z.string().transform((value) => value.length), 'x'],
    [z.string().default('x'), 'x'],
    [z.string().refine(async () => true), 'x'],
  ]
  for (const [schema, value] of unknown) {
    assert.equal(plainStep(schema)(value), DECLINED)
    assert.equal(plainText(schema)(value), undefined)
  }
})
