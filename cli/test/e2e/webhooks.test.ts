import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import type { WireOutputOf } from '@claviger/contract'
import { readWebhook } from '@claviger/sdk'
import { Authority } from '../../../server/test/notice/authority.ts'
import { isBelieved } from '../../../server/test/notice/believed.ts'
import { Receiver } from '../../../server/test/notice/receiver.ts'
import { launch, startDevServer, type DevServer } from './dev-server.ts'

/** Webhooks as an operator sets them up: a receiver with a certificate of a private authority, and how long it took. */

const authority = new Authority()
after(() => authority[Symbol.dispose]())

async function heard(receiver: Receiver): Promise<void> {
  while (receiver.told.length === 0) await wait(10)
}

/** Subscribes a receiver with the command, and tells it of one notice. */
async function tell(server: DevServer, receiver: Receiver) {
  const run = async <Output>(...given: string[]) => {
    const { exitCode, stdout, stderr } = await server.claviger(given)
    assert.equal(exitCode, 0, stderr)
    return JSON.parse(stdout.toString()) as Output
  }
  const create = ['subscription', 'create', 'pager', receiver.url, '--signature', 'v1a']
  const subscription = await run<WireOutputOf<'subscription.create'>>(...create)
  const { id: key } = await run<WireOutputOf<'key.create'>>('key', 'create')
  await run('key', 'suspend', key)
  await heard(receiver)
  return { ...subscription, key }
}

/** How many notices of a type were delivered, and in how many seconds all together. */
async function delivered({ address }: DevServer, type: string) {
  const text = await (await fetch(`${address}/metrics`)).text()
  const read = (name: string) =>
    Number(
      new RegExp(`^claviger_notice_seconds_${name}{type="${type}"} (\\S+)$`, 'm').exec(text)?.[1] ??
        0,
    )
  return { count: read('count'), sum: read('sum') }
}

test('--webhook-ca makes a receiver believed, which verifies with the public key; /metrics says how long it took', async () => {
  await using receiver = await Receiver.open(authority.issue('IP:127.0.0.1'))
  await using server = await startDevServer(['--webhook-ca', authority.path])
  assert.deepEqual(await delivered(server, 'key.suspended'), { count: 0, sum: 0 })
  const { publicKey = '', key } = await tell(server, receiver)
  const [told] = receiver.told
  assert.ok(told !== undefined && isBelieved(publicKey, told))
  assert.equal(readWebhook(publicKey, told).data.key, key)
  const body = JSON.parse(told.body) as { type: string; data: { key: string } }
  assert.deepEqual([body.type, body.data.key], ['key.suspended', key])
  while ((await delivered(server, 'key.suspended')).count === 0) await wait(10)
  const { count, sum } = await delivered(server, 'key.suspended')
  assert.equal(count, 1)
  assert.ok(sum > 0, 'seconds from the record to the answer')
  assert.equal((await delivered(server, 'key.resumed')).count, 0)
})

test('an authority of NODE_EXTRA_CA_CERTS vouches for receivers too', async () => {
  await using receiver = await Receiver.open(authority.issue('IP:127.0.0.1'))
  await using server = await startDevServer([], { NODE_EXTRA_CA_CERTS: authority.path })
  await tell(server, receiver)
  assert.deepEqual(receiver.types, ['key.suspended'])
})

test('a server does not start with networks or an authority that it does not understand, and says so', async () => {
  const environment = { PATH: process.env['PATH'] ?? '' }
  for (const [flag, value] of [
    ['--webhook-networks', '10.0.0.0'],
    ['--webhook-networks', '10.0.0.0/8,'],
    ['--webhook-ca', import.meta.filename],
  ] as const) {
    const given = ['dev', '--listen', '127.0.0.1:0', flag, value]
    const { exitCode, stderr } = await launch(given, environment)
    assert.equal(exitCode, 2, stderr)
    assert.ok(stderr.includes(flag), stderr)
  }
})
