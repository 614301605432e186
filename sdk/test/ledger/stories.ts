import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeRecord, type LedgerRecord } from '@claviger/contract/ledger'
import { initialized, keyMade, record, written } from '../../../contract/test/ledger/log.ts'
import type { Finding } from '../../src/ledger/index.ts'
import { RecordCheck } from '../../src/ledger/record-check.ts'

/** Ledgers as stories: each a few records after a beginning in which everybody and everything is made. */

export type Part = Partial<LedgerRecord>

export const K = { key: 'k1', version: 1 }

/** A use by p1. */
export const use: Part = { event: 'decrypt', ...K }

/** What the admin does. */
export function change(event: string, more: Part = {}): Part {
  return { event, principal: 'admin', credential: 'c-admin', binding: 'b-admin', ...more }
}

export function onKey(event: string): Part {
  return change(event, { key: 'k1' })
}

export function ofVersion(event: string): Part {
  return change(event, K)
}

/** What p1 makes for somebody. */
function given(event: string, row: string, principal?: string): Part {
  const detail = principal === undefined ? {} : { detail: { principal } }
  return { event, subject: row.split(' ')[1], changed: written(row), ...detail }
}

/** A token, and the right to everything, for somebody. */
export function rights(principal: string, credential: string, binding: string): Part[] {
  return [
    given('token.create', `token ${credential}`, principal),
    given('binding.create', `binding ${binding}`, principal),
  ]
}

export const beginning: readonly Part[] = [
  initialized(),
  given('principal.create', 'principal admin'),
  ...rights('admin', 'c-admin', 'b-admin'),
  keyMade('k1', 2),
  keyMade('k2', 2),
].map((part, at) => ({ ...part, revision: at + 1 }))

/** What the verifier says of a ledger that begins with {@link beginning}; the first record of the story has the index 0. */
export function check(story: readonly Part[]) {
  const findings: Finding[] = []
  const records = new RecordCheck((finding) => findings.push(finding))
  let revision = 0
  for (const [at, part] of [...beginning, ...story].entries()) {
    revision = part.revision ?? (part.changed === undefined ? revision : revision + 1)
    const numbered =
      part.changed === undefined || part.part === 'rest' ? part : { ...part, revision }
    records.add(at - beginning.length, encodeRecord(recordOf(numbered)))
  }
  return { findings, records }
}

/** The server's own beginning has no caller; everything else is by p1 unless it says otherwise. */
function recordOf(part: Part): LedgerRecord {
  return part.event === 'system.init' ? initialized(part) : record(part)
}

/** A story that a server cannot tell, with the indices at which it lies, and what is said of it. */
export type Lie = readonly [
  name: string,
  story: readonly Part[],
  at: readonly number[],
  says?: RegExp,
]

export function testLies(lies: readonly Lie[]): void {
  for (const [name, story, at, says = /./] of lies) {
    test(`found: ${name}`, () => {
      const { findings } = check(story)
      assert.deepEqual(
        [...new Set(findings.map(({ index }) => index))],
        at,
        JSON.stringify(findings),
      )
      for (const { why } of findings) assert.match(why, says)
    })
  }
}

/** Stories of an honest server. */
export type Truth = readonly [name: string, story: readonly Part[]]

export function testTruths(truths: readonly Truth[]): void {
  for (const [name, story] of truths)
    test(`no finding: ${name}`, () => assert.deepEqual(check(story).findings, []))
}

/** The end of what is made for an hour, in milliseconds, and moments on both sides of it. */
export const END = Date.parse('2026-11-23T13:00:00.000Z')
export const AFTER = '2026-11-23T13:00:00.000Z'
export const BEFORE = '2026-11-23T12:59:59.999Z'

/** The admin takes something away, and rows with it, each as `kind id`. */
export function gone(event: string, subject: string, ...rows: readonly string[]): Part {
  const changed = rows.map((row) => {
    const [kind = '', id = ''] = row.split(' ')
    return { kind, id }
  })
  return change(event, { subject, changed })
}

/** p2 is a service with a token and a right of its own. */
export const p2: readonly Part[] = [
  change('principal.create', { changed: written('principal p2') }),
  ...rights('p2', 'c2', 'b2'),
]
