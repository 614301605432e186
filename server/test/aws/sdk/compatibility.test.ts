import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { assertRefused, startAwsHouse } from '../house.ts'
import { operationNames, operationRows } from './compatibility.ts'
import { generalDifferences } from './general-differences.ts'
import { isAsymmetric, listsOf, specRows } from './key-specs.ts'
import { sayWho, type Told } from './state-row.ts'
import { stateRows } from './state-table.ts'

/**
 * docs/aws-compatibility.md is made here, of what was tried and found to be so. With CLAVIGER_WRITE_DOCS=1 the file is written anew;
 * otherwise it must be what would be written.
 */

const path = fileURLToPath(new URL('../../../../docs/aws-compatibility.md', import.meta.url))
const house = await startAwsHouse()
sayWho(house.kms, house.owner.arn)

interface Found {
  readonly verdict: 'works' | 'unsupported'
  readonly differs: readonly string[]
}
const found = new Map<string, Found>()
const general: string[] = []

test('AWS has as many operations as are told of', () => {
  assert.equal(operationNames.length, 56)
  for (const { operation } of stateRows.filter((row) => !row.operation.includes(' ')))
    assert.ok(operationNames.includes(operation), operation)
})

for (const { operation, works, differs = [] } of operationRows) {
  test(operation, async () => {
    if (works === undefined) {
      const method = `${operation[0]?.toLowerCase()}${operation.slice(1)}` as 'deleteCustomKeyStore'
      const input = { CustomKeyStoreId: 'cks-1', CustomKeyStoreName: 'store' }
      await assertRefused(
        house.kms[method](input),
        'UnsupportedOperationException',
        `${operation} is not supported`,
      )
      found.set(operation, { verdict: 'unsupported', differs: [] })
      return
    }
    await works(house)
    for (const { show } of differs) await show(house)
    found.set(operation, { verdict: 'works', differs: differs.map(({ text }) => text) })
  })
}

for (const { text, show } of generalDifferences) {
  test(text, async () => {
    await show(house)
    general.push(text)
  })
}

test('the document says what was found', () => {
  const text = document()
  if (process.env['CLAVIGER_WRITE_DOCS'] === '1') writeFileSync(path, text)
  assert.equal(readFileSync(path, 'utf8'), text, 'write it anew: npm run docs:aws')
})

/** A table as the formatter leaves it. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) =>
    Math.max(3, title.length, ...rows.map((row) => row[at]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return [line(head), rule, ...rows.map(line)].join('\n')
}

const footnotes: Readonly<Record<Exclude<Told, 'ok'>, string>> = {
  1: '`DisabledException`: _key_ is disabled.',
  3: '`KMSInvalidStateException`: _key_ is pending deletion.',
  4: '`KMSInvalidStateException`: _key_ is not pending deletion.',
  5: '`KMSInvalidStateException`: _key_ is pending import.',
  6: '`UnsupportedOperationException`: _key_ origin is EXTERNAL which is not valid for this operation.',
  9: '`UnsupportedOperationException`: _key_ origin is AWS_KMS which is not valid for this operation.',
}

function operationTable(): string {
  return table(
    ['operation', 'here', 'how it differs'],
    operationNames.map((operation) => {
      const { verdict, differs } = found.get(operation) ?? { verdict: 'not tried', differs: [] }
      return [
        operation,
        verdict === 'works' && differs.length > 0 ? 'differs' : verdict,
        differs.join(' '),
      ]
    }),
  )
}

function specTable(): string {
  return table(
    ['key spec', 'usage', 'algorithms', 'message types'],
    specRows.map((row) => [
      row.spec,
      row.usage,
      Object.values(listsOf(row)).flat().join(', '),
      [...new Set(row.signing?.flatMap(({ types }) => types))].join(', '),
    ]),
  )
}

function stateTable(): string {
  const shown = (told: Told) => (told === 'ok' ? 'yes' : String(told))
  return table(
    [
      'operation',
      'Enabled',
      'Disabled',
      'PendingDeletion',
      'PendingReplicaDeletion',
      'PendingImport',
    ],
    stateRows.map((row) => [
      `${row.operation}${row.key?.Origin === 'EXTERNAL' ? ' (imported)' : ''}`,
      ...row.told.map(shown),
    ]),
  )
}

function document(): string {
  const asymmetric = specRows.filter(isAsymmetric).length
  const count = (verdict: string) =>
    [...found.values()].filter((row) => row.verdict === verdict).length
  return `# AWS KMS, operation by operation

How to point clients here is in [aws.md](aws.md). This page is made by the tests (server/test/aws/sdk), which do everything it says with
AWS's own client for JavaScript; \`npm run docs:aws\` writes it. Of the ${operationNames.length} operations of AWS KMS (2014-11-01),
${count('works')} are supported, and ${count('unsupported')} are not: those of custom key stores.

## Operations

"works" is: as AWS documents it, with its metadata, exceptions and texts where these are known. "differs" works too, but for what is said.

${operationTable()}

## What differs everywhere

${general.map((text) => `- ${text}`).join('\n')}

## Keys

Each was made, described, used in each of its algorithms, and refused what it is not for; the public halves of the ${asymmetric} asymmetric
kinds were used offline to check signatures and to make ciphertexts, shared secrets and encapsulations.

${specTable()}

## States

Which operation takes a key in which state. A number says how it is refused:

${Object.entries(footnotes)
  .map(([number, text]) => `- ${number}: ${text}`)
  .join('\n')}

${stateTable()}
`
}
