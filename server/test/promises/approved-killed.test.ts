import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import { readLedger, verifyServer } from '../harness/read-ledger.ts'
import {
  pause,
  startServerProcess,
  temporaryFolder,
  type ServerProcess,
} from '../harness/server-process.ts'

/**
 * What others approved and the server is to do, against kill -9 right after the last approval, with its answer told or on its way: the next
 * life does it, once.
 */

type Approval = WireOutputOf<'approval.get'>

const LIVES = 4
/** Requests that are approved in one life. */
const REQUESTS = 5

async function approver(server: ServerProcess): Promise<string> {
  const kind = 'service'
  const { id } = await server.call<{ id: string }>('POST', '/v1/principals', {
    name: 'other',
    kind,
  })
  await server.call('POST', '/v1/bindings', { principal: id, role: 'approver' })
  const given = { principal: id }
  return (await server.call<{ token: string }>('POST', '/v1/tokens', given)).token
}

/** Asked for of a key each, since a rotation changes what the others were asked of. */
async function ask(server: ServerProcess): Promise<{ readonly id: string; readonly key: string }> {
  const { id: key } = await server.call<{ id: string }>('POST', '/v1/keys', {})
  const asked = { operation: 'key.rotate', input: { key }, automatic: true }
  const { id } = await server.call<Approval>('POST', '/v1/approvals', asked)
  return { id, key }
}

test(`killed ${LIVES} times after the last approval, each is done in the next life, once`, async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  let server = await startServerProcess({ data })
  try {
    const token = await approver(server)
    const policy = { name: 'another', actions: ['key.rotate'] }
    await server.call('POST', '/v1/approval-policies', policy)
    const all: { readonly id: string; readonly key: string }[] = []
    for (let life = 0; life < LIVES; life += 1) {
      const asked = await Promise.all(Array.from({ length: REQUESTS }, () => ask(server)))
      all.push(...asked)
      const approving = asked.map(({ id }) =>
        server.request('POST', `/v1/approvals/${id}/approve`, {}, token),
      )
      // In every other life nothing is waited for: what was cut off may have been approved or not.
      if (life % 2 === 0) await Promise.all(approving)
      else await Promise.race(approving)
      await server.kill9()
      await Promise.allSettled(approving)
      server = await startServerProcess({ data })
      for (const { id } of asked) {
        const { state } = await server.call<Approval>('GET', `/v1/approvals/${id}`)
        if (state === 'pending') await server.call('POST', `/v1/approvals/${id}/approve`, {}, token)
      }
      for (const { id } of asked) {
        for (;;) {
          const { state } = await server.call<Approval>('GET', `/v1/approvals/${id}`)
          if (state !== 'approved') {
            assert.equal(state, 'executed')
            break
          }
          await pause(50)
        }
      }
    }
    const entries = await readLedger(server)
    for (const { id, key } of all) {
      const { version } = await server.call<{ version: number }>('GET', `/v1/keys/${key}`)
      assert.equal(version, 2, `${key} was rotated once`)
      const done = entries.filter(
        ({ outcome, detail }) => outcome === 'ok' && detail?.['approval'] === id,
      )
      assert.deepEqual(
        done.map(({ event, factors }) => [event, factors]),
        [['key.rotate', ['approval']]],
      )
    }
    const report = await verifyServer(server)
    assert.ok(report.ok, report.summary)
    const doctor = await server.call<{ findings: object[] }>('POST', '/v1/system/doctor', {})
    assert.deepEqual(doctor.findings, [])
  } finally {
    await server.kill9()
  }
})
