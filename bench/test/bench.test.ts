import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Job } from '../load.ts'
import { readOptions } from '../options.ts'
import { withDescendants } from '../proc.ts'
import { Bare, LoadGenerator } from '../processes.ts'
import { median, percentile, rowNames } from '../rows.ts'
import { keeps, targets } from '../targets.ts'

/** The bench is believed, so its own arithmetic is tested; its figures are not. */

const body = JSON.stringify({ plaintext: 'x'.repeat(40) })
const request = `POST /x HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: ${body.length}\r\n\r\n${body}`

function job(port: number, pids: readonly number[]): Job {
  return { port, connections: 4, requests: [request], count: 200, warmupSeconds: 0, pids }
}

async function loadAgainst(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  await using load = new LoadGenerator()
  try {
    return await load.run(job((server.address() as AddressInfo).port, [process.pid]))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('the load sends as many requests as asked, and counts every answer of the bare server', async () => {
  await using bare = await Bare.start(256)
  await using load = new LoadGenerator()
  for (let run = 0; run < 2; run += 1) {
    const result = await load.run(job(bare.port, bare.pids))
    assert.equal(result.failures, 0, result.firstFailure ?? '')
    assert.equal(result.answers, 200)
    assert.ok(result.cpuSeconds > 0)
    assert.ok(result.p50 > 0 && result.p50 <= result.p99)
  }
})

test('answers that come in pieces are whole ones', async () => {
  const result = await loadAgainst((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      outgoing.writeHead(200, { 'content-length': 100_000 })
      outgoing.write('x'.repeat(50_000))
      setImmediate(() => {
        outgoing.end('x'.repeat(50_000))
      })
    })
  })
  assert.deepEqual([result.answers, result.failures], [200, 0])
})

test('an answer that is not 2xx is a failure, and the first is shown', async () => {
  const result = await loadAgainst((incoming, outgoing) => {
    incoming.resume().on('end', () => {
      outgoing.writeHead(503, { 'content-length': 4 })
      outgoing.end('busy')
    })
  })
  assert.deepEqual([result.answers, result.failures], [0, 200])
  assert.match(result.firstFailure ?? '', /503[\s\S]*busy/)
})

test('a process counts among those it started', async () => {
  await using bare = await Bare.start(10)
  const family = withDescendants(process.pid)
  assert.equal(family[0], process.pid)
  for (const pid of bare.pids) assert.ok(family.includes(pid))
})

test('what is ended by a signal leaves no server and no folder behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'claviger-bench-test-'))
  const main = fileURLToPath(new URL('../main.ts', import.meta.url))
  const given = [main, '--quick', '--only', 'memory', '--folder', folder]
  const bench = spawn(process.execPath, given, { stdio: 'ignore' })
  const isServing = () =>
    withDescendants(bench.pid ?? 0).some((pid) => commandOf(pid).includes('--token-file'))
  while (!isServing()) await delay(20)
  const family = withDescendants(bench.pid ?? 0)
  const ended = once(bench, 'exit')
  bench.kill('SIGTERM')
  assert.equal((await ended)[0], 143)
  while (family.some((pid) => commandOf(pid) !== '')) await delay(20)
  assert.deepEqual(readdirSync(folder), [])
  rmdirSync(folder)
})

/** The command line of a process; empty where it has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

test('options are checked', () => {
  const names = ['encrypt', 'ready']
  assert.equal(readOptions(['--help'], names), undefined)
  const only = readOptions(['--only', 'ready', '--rounds', '3', '--json'], names)
  assert.deepEqual([only?.chosen('ready'), only?.chosen('encrypt')], [true, false])
  assert.deepEqual([only?.rounds, only?.json, only?.quick], [3, true, false])
  assert.equal(readOptions([], names)?.chosen('encrypt'), true)
  for (const wrong of [['--only', 'raedy'], ['--rounds', '0'], ['--rounds', 'x'], ['--fast']]) {
    assert.throws(() => readOptions(wrong, names), TypeError, wrong.join(' '))
  }
})

test('percentiles are values that were measured; a median may stand between two', () => {
  assert.equal(percentile([3, 1, 2], 0.5), 2)
  assert.equal(percentile([4, 1, 3, 2], 0.5), 2)
  assert.equal(percentile([5], 0.99), 5)
  assert.deepEqual([median([3, 1, 2]), median([4, 1, 3, 2]), median([7])], [2, 2.5, 7])
  assert.ok(Number.isNaN(percentile([], 0.5)))
})

test('targets are read from the figures they name, and a bound itself is kept', () => {
  const row = {
    ops_per_s: 1,
    p50_ms: 1,
    p99_ms: 10,
    cpu_us_per_op: 20,
    ratio: 0.4,
    ratio_to_rest: 0.8,
    failures: 0,
  }
  const rows = rowNames.map((name) => ({ name, ...row }))
  const figures = {
    revoke: { p99_ms: 50 },
    ready: { ready_ms: 699 },
    memory: { resident_mb: 150 },
    'open-store': { difference: 1 },
    file: { ratio: 0.6 },
    decisions: { first_p50_us: 5, again_p50_us: 0.2, conditional_p50_us: 5.1 },
    unbind: { answered_after: 0 },
    due: { p99_growth: 0.5 },
  }
  const missed = targets.filter((target) => {
    const value = target.figure({ rows, figures })
    assert.ok(value !== undefined, target.name)
    return !keeps(target, value)
  })
  assert.deepEqual(
    missed.map(({ name }) => name),
    [
      'encrypt-batch, items per CPU-second',
      'decision among 10,000 bindings, conditional, p50',
      'file, of openssl speed at 16 KiB',
    ],
  )
  assert.equal(targets[0]?.figure({ rows: [], figures: {} }), undefined)
})
