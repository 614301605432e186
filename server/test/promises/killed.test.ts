import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem, WireOutputOf } from '@claviger/contract'
import { parseProof } from '@claviger/contract/ledger'
import { readLedger, verifyServer } from '../harness/read-ledger.ts'
import {
  pause,
  startServerProcess,
  temporaryFolder,
  type Answer,
  type ServerProcess,
} from '../harness/server-process.ts'

/**
 * The second promise against kill -9 in the middle of load, again and again on the same data: what was acknowledged is in the ledger,
 * and the ledger continues every checkpoint that was handed out.
 */

const KILLS = 50
const WORKERS = 12
/** Each life lasts this long under load, in milliseconds, and a part of so much more. */
const LIFE_MS = 60
const LIFE_SPREAD_MS = 240
const POLL_MS = 5

/** What the outside was told over all lives. */
class Told {
  /** Uses by `key/version`. */
  readonly uses = new Map<string, number>()
  /** Keys by their alias: what the server said was made, and whether it was revoked since. */
  readonly keys = new Map<string, { readonly id: string; revoked: boolean }>()
  /** Request ids of refusals, which the ledger must have too. */
  readonly refusals = new Set<string>()
  readonly checkpoints = new Set<string>()

  /** How much of what there is too little of on a slow machine: each kind counts by itself. */
  get least(): number {
    return Math.min(this.keys.size, this.refusals.size, this.checkpoints.size)
  }

  use({ key, version }: { readonly key: string; readonly version: number }): void {
    const name = `${key}/${version}`
    this.uses.set(name, (this.uses.get(name) ?? 0) + 1)
  }
}

/** One request, and what its answer tells; a connection that breaks tells nothing. */
type Step = (server: ServerProcess, told: Told) => Promise<void>

function parsed<Value>(answer: Answer): Value {
  return JSON.parse(answer.body.toString()) as Value
}

let names = 0

const steps: readonly Step[] = [
  ...Array.from({ length: 6 }, (): Step => async (server, told) => {
    const answer = await server.request('POST', '/v1/keys/shared/encrypt', { plaintext: 'AAAA' })
    if (answer.status === 200) told.use(parsed(answer))
  }),
  async (server, told) => {
    const answer = await server.request('POST', '/v1/keys/shared/rotate', {})
    assert.ok(answer.status === 200 || answer.status === 503, answer.body.toString())
    void told
  },
  async (server, told) => {
    names += 1
    const alias = `made-${names}`
    const answer = await server.request('POST', '/v1/keys', { alias })
    if (answer.status !== 200) return
    const key = { id: parsed<{ id: string }>(answer).id, revoked: false }
    told.keys.set(alias, key)
    const revoked = await server.request('POST', `/v1/keys/${alias}/revoke`, {})
    if (revoked.status === 200) key.revoked = true
  },
  async (server, told) => {
    const answer = await server.request('POST', '/v1/keys/suspended/encrypt', { plaintext: 'AAAA' })
    assert.notEqual(answer.status, 200)
    const { code, request } = parsed<Problem>(answer)
    if (code === 'wrong_state') told.refusals.add(request)
  },
  async (server, told) => {
    // The proof of the newest entry needs a checkpoint over it, which is signed at once and handed out in the proof.
    const head = await server.request('GET', '/v1/ledger')
    if (head.status !== 200) return
    const newest = parsed<{ entries: number }>(head).entries - 1
    const answer = await server.request('GET', `/v1/ledger/entries/${newest}/proof`)
    if (answer.status !== 200) return
    const { proof } = parsed<WireOutputOf<'ledger.prove'>>(answer)
    told.checkpoints.add(parseProof(Buffer.from(proof)).checkpoint)
  },
]

/** Takes one step after another until the server is gone. */
async function work(server: ServerProcess, told: Told, from: number): Promise<void> {
  try {
    for (let at = from; ; at += 1) await steps[at % steps.length]?.(server, told)
  } catch (error) {
    // The connection broke, as it shall; anything else is a finding.
    if (error instanceof assert.AssertionError) throw error
  }
}

/** A life under load, however slow the machine is: for so many milliseconds, and until each kind of thing was told twice more. */
async function live(told: Told, milliseconds: number, over: AbortSignal): Promise<void> {
  const before = told.least
  await pause(milliseconds)
  while (!over.aborted && told.least < before + 2) await pause(POLL_MS)
}

/** What was acknowledged is there, by the server's own word. */
async function assertKept(
  server: ServerProcess,
  told: Told,
  keys: Iterable<string>,
): Promise<void> {
  for (const alias of keys) {
    const key = told.keys.get(alias)
    const view = await server.call<WireOutputOf<'key.get'>>('GET', `/v1/keys/${alias}`)
    assert.equal(view.id, key?.id)
    if (key?.revoked === true)
      assert.ok(view.revocation !== undefined, `${alias} is no longer revoked`)
  }
  const counted = new Map<string, number>()
  for (let cursor: string | undefined = ''; cursor !== undefined;) {
    const page: WireOutputOf<'key.versions'> = await server.call(
      'GET',
      `/v1/keys/shared/versions?limit=1000${cursor}`,
    )
    const key = [...told.uses.keys()][0]?.split('/')[0]
    for (const { version, uses } of page.items) counted.set(`${key}/${version}`, uses)
    cursor = page.cursor === undefined ? undefined : `&cursor=${page.cursor}`
  }
  for (const [name, uses] of told.uses) {
    assert.ok(
      uses <= (counted.get(name) ?? 0),
      `${name}: ${uses} uses were told, ${counted.get(name)} are counted`,
    )
  }
}

test('50 times killed under load: what was told is there, and every checkpoint handed out still holds', async () => {
  await using folder = await temporaryFolder()
  const data = folder.path
  const told = new Told()
  {
    await using server = await startServerProcess({ data })
    await server.call('POST', '/v1/keys', { alias: 'shared' })
    await server.call('POST', '/v1/keys', { alias: 'suspended' })
    await server.call('POST', '/v1/keys/suspended/suspend', {})
  }
  let checked = 0
  for (let kill = 0; kill < KILLS; kill += 1) {
    await using server = await startServerProcess({ data })
    const made = [...told.keys.keys()]
    await assertKept(server, told, made.slice(checked))
    checked = made.length
    const workers = Array.from({ length: WORKERS }, (_unused, from) => work(server, told, from))
    const over = new AbortController()
    const length = LIFE_MS + (LIFE_SPREAD_MS * ((kill * 7) % KILLS)) / KILLS
    // A worker that found something ends the life, and the test.
    await Promise.race([live(told, length, over.signal), ...workers]).finally(() => over.abort())
    await server.kill9()
    await Promise.all(workers)
  }
  await using server = await startServerProcess({ data })
  await assertKept(server, told, told.keys.keys())
  const entries = await readLedger(server)
  const recorded = new Map<string, number>()
  const requests = new Set<string>()
  const made = new Set<string>()
  for (const { event, outcome, key, version, request } of entries) {
    requests.add(request)
    if (outcome !== 'ok') continue
    if (event === 'encrypt')
      recorded.set(`${key}/${version}`, (recorded.get(`${key}/${version}`) ?? 0) + 1)
    if (event === 'key.create' || event === 'key.revoke') made.add(`${event} ${key}`)
  }
  for (const [name, uses] of told.uses)
    assert.ok(
      uses <= (recorded.get(name) ?? 0),
      `${name}: an acknowledged use is not in the ledger`,
    )
  for (const request of told.refusals)
    assert.ok(requests.has(request), `refusal ${request} is not in the ledger`)
  for (const { id, revoked } of told.keys.values()) {
    assert.ok(made.has(`key.create ${id}`))
    if (revoked) assert.ok(made.has(`key.revoke ${id}`))
  }
  const report = await verifyServer(server, [...told.checkpoints])
  assert.ok(report.ok, report.summary)
  const { findings } = await server.call<WireOutputOf<'system.doctor'>>(
    'POST',
    '/v1/system/doctor',
    {},
  )
  assert.deepEqual(findings, [])
})
