import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireOutputOf } from '@claviger/contract'
import type { Entry } from '../harness/house.ts'
import { readLedger, verifyServer } from '../harness/read-ledger.ts'
import { startServerProcess, type Answer, type ServerProcess } from '../harness/server-process.ts'
import { Wire } from '../harness/wire.ts'

/**
 * The third promise, over real sockets: once a revocation has returned, no request sent afterwards succeeds, and the ledger has no use
 * after it. Users and the one who revokes live in this process, so that one clock orders what they saw.
 */

const USERS = 64
const REVOCATIONS = 1_000
/** Successes that a round waits for before it revokes, so that the key is in use. */
const SUCCESSES_BEFORE = 16
/** Requests sent after the revocation that must have been answered before the round ends. */
const ANSWERS_AFTER = 32

/** A round in which nothing succeeds is broken. */
const ANSWERS_MAX = 10_000

/** What the users use in a round, and how it ends. */
interface Round {
  readonly kind: Kind
  readonly key: string
  readonly token: string
  /** The row, beside the key, that the record of the end names. */
  readonly subject?: string
  readonly end: readonly [method: string, path: string]
  /** The body of the end. */
  readonly saying?: object
  /** What undoes the end, where it can be undone. */
  readonly undo?: readonly [method: string, path: string]
  /** Answers of all kinds. */
  answers: number
  successes: number
  after: number
  /** When the answer of its end was whole. */
  endedAt: number
  /** When its undoing was sent: what is answered from then on may succeed again. */
  undoneAt: number
  readonly wrong: Answer[]
}

const kinds = [
  'key.revoke',
  'key.suspend',
  'key.destroy',
  'token.revoke',
  'binding.delete',
  'principal.disable',
] as const
type Kind = (typeof kinds)[number]

/** The keys are in use, and whoever ends them knows. */
const saying = { acknowledge: 'all' }

async function prepare(
  server: ServerProcess,
  kind: Kind,
  keys: readonly string[],
  at: number,
): Promise<Round> {
  const running = {
    answers: 0,
    successes: 0,
    after: 0,
    endedAt: Infinity,
    undoneAt: Infinity,
    wrong: [],
  }
  const key = keys[at % keys.length] ?? ''
  const fresh = async () =>
    (await server.call<WireOutputOf<'key.create'>>('POST', '/v1/keys', {})).id
  switch (kind) {
    case 'key.revoke': {
      const id = await fresh()
      return {
        kind,
        key: id,
        token: server.token,
        end: ['POST', `/v1/keys/${id}/revoke`],
        saying,
        ...running,
      }
    }
    case 'key.destroy': {
      const id = await fresh()
      const path = `/v1/keys/${id}`
      return {
        kind,
        key: id,
        token: server.token,
        end: ['POST', `${path}/destroy`],
        saying,
        undo: ['POST', `${path}/restore`],
        ...running,
      }
    }
    case 'key.suspend': {
      const path = `/v1/keys/${key}`
      return {
        kind,
        key,
        token: server.token,
        end: ['POST', `${path}/suspend`],
        undo: ['POST', `${path}/resume`],
        ...running,
      }
    }
    default: {
      const user = await createUser(server)
      const ends = {
        'token.revoke': {
          subject: user.tokenId,
          end: ['POST', `/v1/tokens/${user.tokenId}/revoke`],
        },
        'binding.delete': {
          subject: user.binding,
          end: ['DELETE', `/v1/bindings/${user.binding}`],
        },
        'principal.disable': {
          subject: user.principal,
          end: ['POST', `/v1/principals/${user.principal}/disable`],
        },
      } as const
      return { kind, key, token: user.token, ...ends[kind], ...running }
    }
  }
}

let users = 0

async function createUser(server: ServerProcess) {
  const { id: principal } = await server.call<WireOutputOf<'principal.create'>>(
    'POST',
    '/v1/principals',
    { name: `user-${(users += 1)}` },
  )
  const { id: binding } = await server.call<WireOutputOf<'binding.create'>>(
    'POST',
    '/v1/bindings',
    { role: 'key-user', principal },
  )
  const token = await server.call<WireOutputOf<'token.create'>>('POST', '/v1/tokens', { principal })
  return { principal, binding, tokenId: token.id, token: token.token }
}

/** Uses whatever the round of now says, over a connection of its own, until there is none. */
async function use(
  port: number,
  current: () => Round | undefined,
  progress: () => void,
): Promise<void> {
  const wire = new Wire(port)
  for (let round = current(); round !== undefined; round = current()) {
    const answer = await wire.request(
      `/v1/keys/${round.key}/encrypt`,
      '{"plaintext":"AAAA"}',
      round.token,
    )
    const isAfter = answer.sentAt > round.endedAt && answer.answeredAt < round.undoneAt
    round.answers += 1
    if (isAfter) round.after += 1
    if (answer.status === 200) {
      round.successes += 1
      if (isAfter) round.wrong.push(answer)
    }
    progress()
  }
  wire.close()
}

/** By index alone: no use of a key, and nothing done with a token, a binding or a principal, stands after its end. */
function assertNoUseAfter(entries: readonly Entry[]): void {
  const ended = new Map<string, number>()
  let ends = 0
  for (const { index, event, outcome, key, subject, credential, binding, principal } of entries) {
    if (outcome !== 'ok') continue
    const used = event === 'encrypt' ? [key, credential, binding, principal] : []
    for (const id of used) {
      const end = ended.get(id ?? '')
      assert.equal(end, undefined, `entry ${index} uses ${id}, which entry ${end} had ended`)
    }
    if (kinds.some((kind) => kind === event)) {
      ends += 1
      ended.set(subject ?? key ?? '', index)
    }
    if (event === 'key.resume' || event === 'key.restore') ended.delete(key ?? '')
  }
  assert.equal(ends, REVOCATIONS)
}

test('1,000 revocations under 64 users: nothing sent after one returned succeeds, and the ledger agrees', async () => {
  await using server = await startServerProcess()
  const keys: string[] = []
  for (let count = 0; count < 8; count += 1) {
    keys.push((await server.call<WireOutputOf<'key.create'>>('POST', '/v1/keys', {})).id)
  }
  const rounds: Round[] = []
  for (let at = 0; at < REVOCATIONS; at += 1) {
    rounds.push(await prepare(server, kinds[at % kinds.length] ?? 'key.revoke', keys, at))
  }
  let now: Round | undefined = rounds[0]
  let woken = Promise.withResolvers<void>()
  const progress = () => {
    woken.resolve()
    woken = Promise.withResolvers()
  }
  const users = Array.from({ length: USERS }, () => use(server.port, () => now, progress))
  for (const round of rounds) {
    now = round
    while (round.successes < SUCCESSES_BEFORE) {
      assert.ok(round.answers < ANSWERS_MAX, `before ${round.kind}, nothing succeeds`)
      await woken.promise
    }
    const { status, body, answeredAt } = await server.request(
      ...round.end,
      round.end[0] === 'POST' ? (round.saying ?? {}) : undefined,
    )
    assert.equal(status, 200, `${round.kind}: ${body.toString()}`)
    round.endedAt = answeredAt
    while (round.after < ANSWERS_AFTER) await woken.promise
    if (round.undo !== undefined) {
      round.undoneAt = performance.now()
      assert.equal((await server.request(...round.undo, {})).status, 200)
    }
  }
  now = undefined
  await Promise.all(users)
  for (const { kind, wrong } of rounds) {
    assert.equal(wrong.length, 0, `after ${kind} had returned, a request sent later succeeded`)
  }
  assertNoUseAfter(await readLedger(server))
  const report = await verifyServer(server)
  assert.ok(report.ok, report.summary)
})
