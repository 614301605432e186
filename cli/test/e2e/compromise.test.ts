import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { inProcess, startServerOfFile } from './dev-server.ts'

/** A compromise with the command: one that has to wait, one that need not, the report without a server, and a drill. */

const { server, client } = await startServerOfFile()

const asked = ['--since', '2026-01-01T00:00:00Z', '--reason', 'the backup was stolen', '-o', 'json']

async function run(given: readonly string[], exitCode = 0) {
  const { exitCode: ended, stdout, stderr } = await server.claviger(given)
  assert.equal(ended, exitCode, `${given.join(' ')}: ${stderr}`)
  return { stdout: stdout.toString(), stderr }
}

interface Shown {
  readonly id: string
  readonly next: string
  readonly notice: number
  readonly runs: readonly string[]
  readonly left: readonly string[]
}

test('the command stops where others have to act, and goes on when it is given again', async () => {
  const { id: key } = await client.key.create({ alias: 'shop' })
  await client.encrypt({ key, plaintext: Buffer.from('an order') })
  const { id: store } = await client.dependent.create({ key, name: 'shop.db', kind: 'store' })
  const first = await run(['key', 'compromise', 'shop', ...asked])
  const waiting = JSON.parse(first.stdout) as Shown
  assert.equal(waiting.next, 'wait')
  assert.match(first.stderr, /Left: .*shop\.db.*\n/)
  const rewrap = waiting.runs[0] ?? ''
  await client.rewrap.finish({ run: rewrap, done: 1, already: 0, failed: 0 })

  // The name leads to the replacement by now; the case is the old key's.
  const second = JSON.parse((await run(['key', 'compromise', key, ...asked])).stdout) as Shown
  assert.equal(second.id, waiting.id)
  assert.equal(second.next, 'acknowledge')
  assert.equal((await client.key.get({ key })).state, 'compromised')
  await client.dependent.acknowledge({ dependent: store, notice: second.notice })
  const third = JSON.parse((await run(['key', 'compromise', key, ...asked])).stdout) as Shown
  assert.equal(third.next, 'closed')
  const fourth = JSON.parse((await run(['key', 'compromise', key, ...asked])).stdout) as Shown
  assert.deepEqual([fourth.id, fourth.next], [waiting.id, 'closed'])

  const report = join(server.folder, 'report.json')
  await writeFile(report, (await run(['compromise', 'report', third.id, '-o', 'json'])).stdout)
  const keys = join(server.folder, 'keys')
  await writeFile(keys, (await client.ledger.head()).keys.join('\n'))
  // Without a server: nothing listens there, and there is no token.
  const nowhere = { HOME: server.folder, CLAVIGER_ADDR: 'http://127.0.0.1:1' }
  const verified = await inProcess(['statement', 'verify', report, '--key-file', keys], nowhere)
  assert.equal(verified.exitCode, 0, verified.stderr)
  assert.equal((JSON.parse(verified.stdout.toString()) as { case: string }).case, third.id)
  // As it is without a file, from a pipe.
  const given = ['statement', 'verify', '--key-file', keys]
  const piped = await inProcess(given, nowhere, await readFile(report))
  assert.equal(piped.exitCode, 0, piped.stderr)
  const altered = (await readFile(report, 'utf8')).replace('stolen', 'found!')
  await writeFile(report, altered)
  const { stderr } = await run(['statement', 'verify', report, '--key-file', keys], 8)
  assert.match(stderr, /not the one that the record vouches for/)
  // A key that is none is a mistake in the call, and what is no proof at all is as little authentic.
  await run(['statement', 'verify', report, '--key', 'nobody+1+2'], 2)
  await writeFile(report, altered.replace('tlog-proof@v1\\n', 'tlog-proof@v1\\r\\n'))
  await run(['statement', 'verify', report, '--key-file', keys], 8)
})

test('a key that nothing depends on goes all the way at once, and an order goes on anyway', async () => {
  const { id: signing } = await client.key.create({ algorithm: 'P-256' })
  await client.sign({ key: signing, message: Buffer.from('x') })
  const { stdout, stderr } = await run(['key', 'compromise', signing, ...asked])
  assert.equal((JSON.parse(stdout) as Shown).next, 'closed')
  assert.match(stderr, /revoked as compromised.*\n.*destruction is scheduled.*\n.*closed/)

  const { id: used } = await client.key.create({})
  await client.encrypt({ key: used, plaintext: Buffer.from('x') })
  const stopped = JSON.parse((await run(['key', 'compromise', used, ...asked])).stdout) as Shown
  assert.equal(stopped.next, 'wait')
  const given = ['key', 'compromise', used, ...asked, '--anyway', 'nothing of it was kept']
  assert.equal((JSON.parse((await run(given)).stdout) as Shown).next, 'closed')
})

test('a drill goes through everything on a copy, says how long each step took, and leaves the key alone', async () => {
  const { id: key } = await client.key.create({ alias: 'payments' })
  const before = await client.key.get({ key })
  const { stdout } = await run(['key', 'compromise', 'payments', '--drill', '-o', 'json'])
  const drilled = JSON.parse(stdout) as {
    case: string
    key: string
    replacement: string
    rows: number
    steps: { step: string; milliseconds: number }[]
  }
  assert.deepEqual(
    drilled.steps.map(({ step }) => step),
    [
      'prepare',
      'open',
      'assess',
      'rewrap',
      're-wrap the data',
      'revoke',
      'destroy',
      'acknowledge',
      'close',
      'read the data',
    ],
  )
  assert.equal(drilled.rows, 1_000)
  assert.deepEqual(await client.key.get({ key }), before)
  assert.equal((await client.compromise.get({ case: drilled.case })).next, 'closed')
  for (const made of [drilled.key, drilled.replacement])
    assert.notEqual((await client.key.get({ key: made })).destroyAt, undefined)
})

test('a drill gets through under a lifecycle policy that asks for a longer window', async () => {
  const { id: policy } = await client.lifecyclePolicy.create({ name: 'drills', preset: 'baseline' })
  const { id: key } = await client.key.create({ algorithm: 'P-256', usage: 'sign' })
  const { stdout } = await run(['key', 'compromise', key, '--drill', '-o', 'json'])
  const { replacement } = JSON.parse(stdout) as { replacement: string }
  const { destroyAt = 0 } = await client.key.get({ key: replacement })
  assert.ok(destroyAt > Date.now() + 6.5 * 86_400_000)
  await client.lifecyclePolicy.delete({ policy, reason: 'the end of the test' })
})

test('a window that is too short for a lifecycle policy holds up no case', async () => {
  const { id: policy } = await client.lifecyclePolicy.create({ name: 'cases', preset: 'baseline' })
  const { id: key } = await client.key.create({ algorithm: 'P-256', usage: 'sign' })
  const asked = ['--since', '-1h', '--reason', 'a stolen laptop', '--days', '1']
  const { stdout } = await run(['key', 'compromise', key, ...asked, '-o', 'json'])
  const { destroyAt } = JSON.parse(stdout) as { destroyAt: string }
  assert.ok(Date.parse(destroyAt) > Date.now() + 6.5 * 86_400_000)
  await client.lifecyclePolicy.delete({ policy, reason: 'the end of the test' })
})

test('the certificate of a version is asked for by its number', async () => {
  const { id: key } = await client.key.create({})
  const { stderr } = await run(['key', 'destruction-certificate', key, '--version', '1'], 6)
  assert.match(stderr, /The version is not destroyed/)
  await run(['key', 'destruction-certificate', key, '--version', '2'], 5)
})

test('what is missing is a usage error', async () => {
  await run(['key', 'compromise', 'payments', '--reason', 'why'], 2)
  await run(['statement', 'verify', '/nonexistent'], 2)
})
