import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CaseStep, WireOutputOf } from '@claviger/contract'
import { readLedger, verifyServer } from '../harness/read-ledger.ts'
import {
  startServerProcess,
  temporaryFolder,
  type ServerProcess,
} from '../harness/server-process.ts'

/**
 * A compromise against kill -9 between every two steps, and in the middle of each: the next life goes on from where it stands. Somebody
 * takes the steps, while the server takes those that it can by itself.
 */

type Case = WireOutputOf<'compromise.get'>

const opening = { since: '2026-01-01T00:00:00Z', reason: 'the backup was stolen' }

interface Scene {
  readonly key: string
  readonly store: string
}

async function prepare(server: ServerProcess): Promise<Scene> {
  const { id: key } = await server.call<{ id: string }>('POST', '/v1/keys', { alias: 'orders' })
  await server.call('POST', '/v1/keys/orders/encrypt', { plaintext: 'AAAA' })
  const declared = { key, name: 'orders.db', kind: 'store' }
  const { id: store } = await server.call<{ id: string }>('POST', '/v1/dependents', declared)
  return { key, store }
}

/** The request of a step, as whoever goes through the case sends it. */
function requestOf(view: Case, { store }: Scene): readonly [path: string, body: object] {
  const here = `/v1/compromises/${view.id}`
  const ways: Readonly<Record<CaseStep, readonly [string, object]>> = {
    assess: [`${here}/assess`, {}],
    rewrap: [`${here}/rewrap`, {}],
    wait: [`/v1/rewraps/${view.runs[0]}/finish`, { done: 1, already: 0, failed: 0 }],
    revoke: [`${here}/revoke`, {}],
    destroy: [`${here}/destroy`, { days: 7 }],
    acknowledge: [`/v1/dependents/${store}/acknowledge`, { notice: view.notice }],
    close: [`${here}/close`, {}],
    closed: [here, {}],
  }
  return ways[view.next]
}

test('killed between every two steps and within each, the case comes to its end, once', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  let server = await startServerProcess({ data })
  let kills = 0
  /** Another life on the same data. */
  const again = async (): Promise<ServerProcess> => {
    await server.kill9()
    kills += 1
    server = await startServerProcess({ data })
    return server
  }
  try {
    const scene = await prepare(server)
    const open = () => server.call<Case>('POST', '/v1/compromises', { key: scene.key, ...opening })
    // Sent, and cut off before anybody can know what came of it.
    void server.request('POST', '/v1/compromises', { key: scene.key, ...opening }).catch(() => {})
    await again()
    let view = await open()
    const get = () => server.call<Case>('GET', `/v1/compromises/${view.id}`)
    const taken: string[] = []
    while (view.next !== 'closed') {
      const [path, body] = requestOf(view, scene)
      taken.push(view.next)
      assert.ok(taken.length < 20, taken.join(' '))
      void server.request('POST', path, body).catch(() => {})
      await again()
      // What was cut off may have been done; whoever goes on asks what is next, and does that.
      view = await get()
      if (view.next !== taken.at(-1)) continue
      await server.call('POST', path, body)
      await again()
      view = await get()
    }
    // The others the server may have been quicker to take.
    for (const step of ['wait', 'destroy', 'acknowledge'] as const)
      assert.ok(taken.includes(step), step)
    assert.ok(kills > taken.length)
    const { items: cases } = await server.call<{ items: Case[] }>('GET', '/v1/compromises')
    assert.equal(cases.length, 1)
    const { items: runs } = await server.call<{ items: object[] }>('GET', '/v1/rewraps')
    assert.equal(runs.length, 1)
    const { items: keys } = await server.call<{ items: { id: string }[] }>('GET', '/v1/keys')
    assert.equal(keys.length, 2, 'one replacement was made')
    const orders = await server.call<{ id: string }>('GET', '/v1/keys/orders')
    assert.equal(orders.id, view.replacement.key)
    await server.call('GET', `/v1/compromises/${view.id}/report`)
    const report = await verifyServer(server)
    assert.deepEqual(report.findings, [])
    const opened = (await readLedger(server)).filter(
      ({ event, outcome, revision }) =>
        event === 'compromise.open' && outcome === 'ok' && revision !== undefined,
    )
    assert.ok(opened.length >= 1)
  } finally {
    await server.kill9()
  }
})
