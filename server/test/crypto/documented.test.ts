import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import { algorithms } from '../../src/crypto/algorithms.ts'

/** docs/key-material.md says what the code does. */

const page = readFileSync(new URL('../../../docs/key-material.md', import.meta.url), 'utf8')

function section(heading: string): string {
  return page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
}

test('the page says of every algorithm what its material is', () => {
  const cells = [...section('Material').matchAll(/^\| (?<names>[A-Z][^|]*?) +\|/gm)]
  const patterns = cells
    .flatMap(({ groups }) => (groups?.['names'] ?? '').split(', '))
    .map((name) => name.replace('\\*', '*'))
  const covers = (pattern: string, name: string) =>
    pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
  for (const { name } of algorithms)
    assert.equal(patterns.filter((pattern) => covers(pattern, name)).length, 1, name)
  for (const pattern of patterns)
    assert.ok(
      algorithms.some(({ name }) => covers(pattern, name)),
      pattern,
    )
})

test('the page has every scheme of signatures, and what a key signs with unless told', () => {
  const text = section('Signatures')
  for (const { name, schemes } of algorithms) {
    const [first] = schemes
    if (first === undefined) continue
    for (const scheme of schemes)
      assert.ok(text.includes(scheme.replace(/-(384|512)$/, '-256')), scheme)
    const hash = /^ecdsa-sha-(\d+)$/.exec(first)?.[1]
    if (hash !== undefined)
      assert.match(
        text,
        new RegExp(`${name}\\b[^,]*sign with SHA-${hash}|${name} with SHA-${hash}`),
      )
  }
})

test('the page has every way to wrap what is imported', () => {
  const { wrapping } = operations['key.importParameters'].input.shape
  const ways = wrapping.unwrap().options
  const listed = [...section('Wrapped').matchAll(/^\| `(?<way>rsa-[^`]+)` +\|/gm)]
  assert.deepEqual(
    listed.map(({ groups }) => groups?.['way']),
    ways,
  )
})
