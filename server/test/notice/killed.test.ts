import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import { Webhook } from 'standardwebhooks'
import {
  startServerProcess,
  temporaryFolder,
  type ServerProcess,
} from '../harness/server-process.ts'
import { Receiver, taking } from './receiver.ts'

/** A server that is killed between what happened and who is told of it: it is told, at least once, under the same id. */

async function call<Output>(server: ServerProcess, path: string, body: object): Promise<Output> {
  const answer = await server.request('POST', path, body)
  assert.equal(answer.status, 200, answer.body.toString())
  return JSON.parse(answer.body.toString()) as Output
}

test('kill -9 while a notice is on its way, and before it is: the next life tells it under the same id', async () => {
  await using folder = await temporaryFolder()
  await using receiver = await Receiver.open()
  const reached = Promise.withResolvers<void>()
  // It hears, and never answers.
  receiver.answer = () => reached.resolve()
  const first = await startServerProcess({ data: folder.path })
  const { secret = '' } = await call<WireOutputOf<'subscription.create'>>(
    first,
    '/v1/subscriptions',
    {
      name: 'pager',
      url: receiver.url,
    },
  )
  const { id: key } = await call<WireOutputOf<'key.create'>>(first, '/v1/keys', {})
  const { id: other } = await call<WireOutputOf<'key.create'>>(first, '/v1/keys', {})
  await call(first, `/v1/keys/${key}/revoke`, { reason: 'keyCompromise' })
  await reached.promise
  // The answer of this one is there, so it is durable; whether it was queued before the end nobody knows.
  await call(first, `/v1/keys/${other}/revoke`, { reason: 'superseded' })
  await first.kill9()
  const heard = receiver.ids[0]
  assert.ok(heard)
  const both = Promise.withResolvers<void>()
  const before = receiver.told.length
  const keysTold = () =>
    new Set(
      receiver.told
        .slice(before)
        .map(({ body }) => (JSON.parse(body) as { data: { key: string } }).data.key),
    )
  receiver.answer = (response) => {
    taking(response)
    if (keysTold().has(key) && keysTold().has(other)) both.resolve()
  }
  await using second = await startServerProcess({ data: folder.path })
  await both.promise
  assert.ok(receiver.ids.slice(before).includes(heard), 'the same id as before the kill')
  for (const { body, headers } of receiver.told)
    new Webhook(secret).verify(body, headers as Record<string, string>)
  // Each notice has one id, however often it came.
  const ids = new Map<string, Set<string>>()
  for (const { body, headers } of receiver.told) {
    const { key: of } = (JSON.parse(body) as { data: { key: string } }).data
    ids.set(of, (ids.get(of) ?? new Set()).add(String(headers['webhook-id'])))
  }
  for (const each of ids.values()) assert.equal(each.size, 1)
  assert.ok(second.port > 0)
})
