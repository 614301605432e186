import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { operations } from '@claviger/contract'
import {
  internalEvents,
  NOTE_BYTES_MAX,
  NOTE_SIGNATURES_MAX,
  recordSchema,
  signatureTypes,
} from '@claviger/contract/ledger'

/** docs/ledger.md says what the code does. */

const page = readFileSync(new URL('../../../docs/ledger.md', import.meta.url), 'utf8')

/** The first cells of the table under a heading, with the code marks taken off. */
function firstCells(heading: string): string[] {
  const section = page.split(/^#{2,3} /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^\| (?<cell>`.*?) +\|/gm)].map(
    ({ groups }) => groups?.['cell'] ?? '',
  )
}

test('the page has every field of a record, in order', () => {
  const documented = firstCells('Records').flatMap((cell) => cell.replaceAll('`', '').split(', '))
  assert.deepEqual(documented, Object.keys(recordSchema.shape))
})

test('the page has every use, and no other event among them', () => {
  const { list = '' } = /^A use is one of these events: (?<list>[^;]*);/m.exec(page)?.groups ?? {}
  const documented = [...list.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name)
  const uses = Object.values(operations).filter(({ effect }) => effect === 'use')
  assert.deepEqual(documented.toSorted(), uses.map(({ name }) => name as string).toSorted())
})

test('the page has every route of the ledger', () => {
  const documented = firstCells('The routes').map((cell) =>
    cell
      .replaceAll('`', '')
      .replace(/\/tile\/.*/, '/tile/{path}')
      .replace('<index>', '{index}'),
  )
  const routes = Object.values(operations)
    .filter(({ name }) => name.startsWith('ledger.'))
    .map(({ route }) => route)
  assert.deepEqual([...new Set(documented)].toSorted(), routes.toSorted())
})

test('the page has the signature types with their lengths, and the limits', () => {
  for (const { type, publicKeyBytes, signatureBytes } of signatureTypes) {
    const name = `0x0${type}`
    assert.match(page, new RegExp(`\\| ${name} `), name)
    for (const length of [publicKeyBytes, signatureBytes]) {
      assert.ok(page.includes(`${length.toLocaleString('en')} bytes`), `${name}: ${length}`)
    }
  }
  assert.ok(page.includes(`up to ${NOTE_BYTES_MAX.toLocaleString('en')} bytes`))
  assert.ok(page.includes(`up to ${NOTE_SIGNATURES_MAX} signatures`))
  for (const event of internalEvents) assert.ok(page.includes(`\`${event}\``), event)
})
