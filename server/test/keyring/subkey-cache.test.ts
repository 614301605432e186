import assert from 'node:assert/strict'
import { createSecretKey, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { array, assert as check, integer, oneof, property, record, constant } from 'fast-check'
import { takeKeySlot } from '../../src/crypto/index.ts'
import { SubkeyCache, type Subkey } from '../../src/keyring/subkey-cache.ts'

const owners = [{}, {}, {}] as const

function subkey(): Subkey {
  const bytes = randomBytes(32)
  return { key: createSecretKey(bytes), slot: takeKeySlot(bytes), commitment: randomBytes(32) }
}

function salt(number: number): Buffer {
  return Buffer.alloc(16, number)
}

test('a subkey is found under its owner and salt, and nowhere else', () => {
  const cache = new SubkeyCache()
  const kept = subkey()
  cache.add(owners[0], salt(1), kept)
  assert.equal(cache.get(owners[0], salt(1))?.key, kept.key)
  assert.equal(cache.get(owners[0], salt(2)), undefined)
  assert.equal(cache.get(owners[1], salt(1)), undefined)
})

test('what is in use outlives what is not', () => {
  const cache = new SubkeyCache(4)
  for (let number = 0; number < 4; number += 1) cache.add(owners[0], salt(number), subkey())
  for (let number = 4; number < 40; number += 1) {
    assert.ok(cache.get(owners[0], salt(0)))
    cache.add(owners[1], salt(number), subkey())
    assert.equal(cache.size, 4)
  }
  assert.ok(cache.get(owners[0], salt(0)))
  assert.equal(cache.get(owners[0], salt(1)), undefined)
})

test('bounded, and true to a plain map, whatever is done to it', () => {
  const owner = integer({ min: 0, max: 2 })
  const number = integer({ min: 0, max: 9 })
  const step = oneof(
    record({ kind: constant('use' as const), owner, number }),
    record({ kind: constant('drop' as const), owner, number }),
  )
  check(
    property(array(step, { maxLength: 60 }), (steps) => {
      const cache = new SubkeyCache(5)
      const model = new Map<string, Subkey>()
      for (const { kind, owner: of, number: at } of steps) {
        const who = owners[of] ?? owners[0]
        if (kind === 'drop') {
          cache.drop(who)
          for (const name of model.keys()) if (name.startsWith(`${of}/`)) model.delete(name)
          for (let each = 0; each < 10; each += 1)
            assert.equal(cache.get(who, salt(each)), undefined)
        } else {
          const found = cache.get(who, salt(at))
          if (found !== undefined) assert.equal(found.key, model.get(`${of}/${at}`)?.key)
          else {
            const made = subkey()
            cache.add(who, salt(at), made)
            model.set(`${of}/${at}`, made)
            assert.equal(cache.get(who, salt(at))?.key, made.key)
          }
        }
        assert.ok(cache.size <= 5)
      }
    }),
  )
})

test('a subkey that goes is overwritten', () => {
  const cache = new SubkeyCache(1)
  const [evicted, dropped] = [subkey(), subkey()]
  cache.add(owners[0], salt(1), evicted)
  cache.add(owners[0], salt(2), dropped)
  assert.ok(evicted.slot.every((byte) => byte === 0))
  cache.drop(owners[0])
  assert.ok(dropped.slot.every((byte) => byte === 0))
})
