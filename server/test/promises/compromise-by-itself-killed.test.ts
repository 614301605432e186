import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { OutputOf } from '@claviger/contract'
import { DrivenClock } from '../harness/clock.ts'
import { startHouse, type TestHouse } from '../harness/house.ts'
import { verifyHouse } from '../harness/read-ledger.ts'
import { passphrase, temporaryFolder } from '../harness/server-process.ts'

/** A case that goes on by itself, against kill -9 just before and just after the commit of every step: each is taken once. */

const life = fileURLToPath(new URL('./compromise-life.ts', import.meta.url))

/** Lives a life; whether it was killed at a step. */
async function isKilled(path: string, moment: 'before' | 'after', now: number): Promise<boolean> {
  const child = spawn(process.execPath, [life, path, moment, String(now)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  if (signal === 'SIGKILL') return true
  assert.equal(code, 0)
  return false
}

async function stepsOf(house: TestHouse): Promise<string[]> {
  return (await house.entries())
    .filter(({ event, principal }) => event.startsWith('compromise.') && principal === 'system')
    .map(({ event }) => event)
}

/** What others have to do for a case that waits for them. */
async function act(house: TestHouse, view: OutputOf<'compromise.get'>, store: string) {
  const { waitsFor, runs, notice = -1 } = view
  if (waitsFor === 'stores')
    await house.perform('rewrap.finish', { run: runs[0] ?? '', done: 1, already: 0, failed: 0 })
  else if (waitsFor === 'dependents')
    await house.perform('dependent.acknowledge', { dependent: store, notice })
  else assert.fail(`it waits for ${waitsFor}`)
}

test('killed before and after the commit of every step, the case comes to its end, once', async () => {
  await using folder = await temporaryFolder()
  const path = `${folder.path}/claviger.db`
  const clock = new DrivenClock()
  const seal = { kind: 'passphrase', passphrase } as const
  const open = () => startHouse({ path, passphrase, clock, seal })
  const scene = await (async () => {
    await using house = await open()
    const { id: key } = await house.createKey({ alias: 'orders' })
    await house.perform('encrypt', { key, plaintext: Buffer.from('an order') })
    const declared = { key, name: 'db', kind: 'store', contact: '', description: '' } as const
    const { id: store } = await house.perform('dependent.create', declared)
    const opening = { key, since: 0, reason: 'stolen', hours: 72, destroyDays: 7 }
    const { id } = await house.perform('compromise.open', opening)
    return { key, store, id }
  })()
  let kills = 0
  for (;;) {
    while (await isKilled(path, 'before', clock.now())) {
      assert.ok(
        await isKilled(path, 'after', clock.now()),
        'what was not written is done by the next life',
      )
      kills += 2
      assert.ok(kills < 40)
    }
    await using house = await open()
    const view = await house.perform('compromise.get', { case: scene.id })
    if (view.next === 'closed') break
    await act(house, view, scene.store)
    // Half a minute after the last run the server goes on, and the lease of the life before is over.
    clock.advance(30_000)
  }
  await using house = await open()
  const steps = await stepsOf(house)
  assert.deepEqual(steps, [
    'compromise.assess',
    'compromise.rewrap',
    'compromise.look',
    'compromise.revoke',
    'compromise.destroy',
    'compromise.look',
    'compromise.close',
  ])
  assert.equal(kills, 2 * steps.length)
  assert.equal((await house.perform('rewrap.list', { limit: 10 })).items.length, 1)
  assert.equal((await house.perform('key.list', { limit: 10 })).items.length, 2)
  assert.deepEqual((await house.perform('system.doctor', {})).findings, [])
  assert.deepEqual((await verifyHouse(house)).findings, [])
})
