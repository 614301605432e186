import type { Claviger } from '@claviger/sdk'
import { ClavigerApiError } from '@claviger/sdk/errors'
import { rewrapColumn, type Column, type ColumnRow } from '@claviger/sdk/rewrap'
import { goOn, type Case } from './procedure.ts'

/**
 * A drill: the whole procedure at the real server, on a copy of the key with data made for it. The key itself, its names and its data are
 * not touched. It shows that the procedure works here, with these rights, and how long each step takes.
 */

const ROWS = 1_000
const ROWS_PER_CALL = 100

/** What has happened once a date stands in the case, in the order of the steps. */
const dates = [
  ['assessedAt', 'assess'],
  ['rewrapsAt', 'rewrap'],
  ['revokedAt', 'revoke'],
  ['destroyAt', 'destroy'],
  ['closedAt', 'close'],
] as const satisfies readonly (readonly [keyof Case, string])[]

/** How long a step took, in milliseconds. */
export interface DrillStep {
  readonly step: string
  readonly milliseconds: number
}

export interface Drill {
  readonly case: string
  /** The copy, and what replaced it: both are scheduled for destruction. */
  readonly key: string
  readonly replacement: string
  /** Values that were encrypted under the copy, re-wrapped and read again. */
  readonly rows: number
  readonly steps: readonly DrillStep[]
}

class Stopwatch {
  readonly steps: DrillStep[] = []
  #at = performance.now()

  lap(step: string): void {
    const now = performance.now()
    this.steps.push({ step, milliseconds: Math.round(now - this.#at) })
    this.#at = now
  }
}

/** Values of the drill, in memory. */
class Values implements Column<ColumnRow> {
  readonly rows: ColumnRow[] = []

  rowsAfter(cursor: string | undefined, limit: number): ColumnRow[] {
    return this.rows.filter((row) => row.cursor > (cursor ?? '')).slice(0, limit)
  }

  replace(row: ColumnRow, ciphertext: Uint8Array): boolean {
    const at = this.rows.findIndex(({ cursor }) => cursor === row.cursor)
    this.rows[at] = { ...row, ciphertext }
    return true
  }
}

/** A key like the one that is drilled, without its names, and without anything that is allowed to others. */
async function copyOf(client: Claviger, key: string) {
  const { id, algorithm, usage, labels } = await client.key.get({ key })
  const description = `A drill for key ${id}`
  return client.key.create({ algorithm, usage, labels, description })
}

async function fill(client: Claviger, key: string, values: Values): Promise<void> {
  for (let first = 0; first < ROWS; first += ROWS_PER_CALL) {
    const names = Array.from({ length: ROWS_PER_CALL }, (_, n) =>
      String(first + n).padStart(6, '0'),
    )
    const { items } = await client.encryptBatch({
      key,
      items: names.map((name) => ({ plaintext: new TextEncoder().encode(name) })),
    })
    for (const [index, cursor] of names.entries()) {
      const item = items[index]
      if (item !== undefined && 'ciphertext' in item)
        values.rows.push({ cursor, ciphertext: item.ciphertext })
    }
  }
}

async function isWhole(client: Claviger, { rows }: Values): Promise<boolean> {
  for (let first = 0; first < rows.length; first += ROWS_PER_CALL) {
    const part = rows.slice(first, first + ROWS_PER_CALL)
    const { items } = await client.decryptBatch({
      items: part.map(({ ciphertext }) => ({ ciphertext })),
    })
    for (const [index, { cursor }] of part.entries()) {
      const item = items[index]
      if (item === undefined || !('plaintext' in item)) return false
      if (new TextDecoder().decode(item.plaintext) !== cursor) return false
    }
  }
  return true
}

/** Windows of a destruction, in days. */
const WINDOWS = [1, 7, 30, 90, 365]

/** Nobody needs the copies back, so they go as soon as the lifecycle policies let them. */
async function inShortestWindow<Answer>(
  destroy: (days: number) => Promise<Answer>,
): Promise<Answer> {
  for (const days of WINDOWS.slice(0, -1)) {
    try {
      return await destroy(days)
    } catch (error) {
      if (!(error instanceof ClavigerApiError) || error.code !== 'policy_violated') throw error
    }
  }
  return destroy(WINDOWS.at(-1) ?? 1)
}

/** @throws ClavigerApiError where a right is missing, or the key is of no use that can be drilled */
export async function drill(client: Claviger, key: string): Promise<Drill> {
  const watch = new Stopwatch()
  const { id: copy, usage } = await copyOf(client, key)
  const values = new Values()
  const { principal } = await client.whoami()
  let store: string | undefined
  if (usage === 'encrypt') {
    await fill(client, copy, values)
    store = (await client.dependent.create({ key: copy, name: 'drill', kind: 'store' })).id
  }
  watch.lap('prepare')
  const opened = await client.compromise.open({
    key: copy,
    since: Date.now(),
    reason: `a drill for key ${key}`.slice(0, 256),
    hours: 1,
    principals: [principal.id],
  })
  watch.lap('open')
  const wait = async ({ next, notice = -1, replacement, runs }: Case): Promise<boolean> => {
    if (store === undefined) return false
    if (next === 'acknowledge') {
      await client.dependent.acknowledge({ dependent: store, notice })
      watch.lap('acknowledge')
      return true
    }
    const source = runs[0] ?? 'drill'
    const into = replacement.key
    await rewrapColumn({ client, key: copy, into, source, dependent: store, column: values })
    watch.lap('re-wrap the data')
    return true
  }
  const call = (name: string, input: object) => {
    if (name === 'compromise.destroy')
      return inShortestWindow((days) => client.compromise.destroy({ case: opened.id, days }))
    const step = name.slice('compromise.'.length) as 'get'
    return client.compromise[step](input as { case: string })
  }
  // Each date is a step that was taken, whoever took it: the server goes on with the case, too.
  const moved = (view: Case, before: Case) => {
    for (const [date, step] of dates)
      if (before[date] === undefined && view[date] !== undefined) watch.lap(step)
  }
  await goOn({ call, days: 1, anyway: undefined, moved, wait }, opened)
  if (!(await isWhole(client, values)))
    throw new Error('the data of the drill did not come through')
  watch.lap('read the data')
  const { key: replacement } = opened.replacement
  await inShortestWindow((days) =>
    client.key.destroy({ key: replacement, days, acknowledge: 'all' }),
  )
  return { case: opened.id, key: copy, replacement, rows: values.rows.length, steps: watch.steps }
}
