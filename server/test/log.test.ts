import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { test } from 'node:test'

const script = `
  import { createLog } from ${JSON.stringify(new URL('../src/log.ts', import.meta.url).href)}
  const log = createLog('info')
  for (let line = 0; line < 500; line += 1) {
    log.info({ line }, 'x'.repeat(1_000))
    await new Promise((resolve) => setImmediate(resolve))
  }
  process.stdout.write('serves')
  log.fatal('the end')
  process.exit(7)
`

const LINES = 2_000

/** Writes more than waits for a reader, serves, and goes on until it has been read and told to end. */
const flood = `
  import { once } from 'node:events'
  import { createLog } from ${JSON.stringify(new URL('../src/log.ts', import.meta.url).href)}
  const log = createLog('info')
  for (let line = 0; line < ${LINES}; line += 1) log.info({ line }, 'x'.repeat(1_000))
  process.stdout.write('serves')
  await once(process.stdin, 'data')
`

function run(stderr: number | 'pipe') {
  return spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', stderr],
  })
}

test('where the log cannot be written, the process goes on, and it ends when it is to end', async () => {
  // Every write to it fails as on a disk that is full.
  const full = openSync('/dev/full', 'w')
  const child = run(full)
  closeSync(full)
  let said = ''
  child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number]
  assert.deepEqual({ said, code }, { said: 'serves', code: 7 })
})

test('every line of the log is written, in its order, the last one too', async () => {
  const child = run('pipe')
  let log = ''
  child.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()))
  await once(child, 'close')
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly line?: number; readonly msg: string })
  const numbers = lines.slice(0, -1).map(({ line }) => line)
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, at) => at),
  )
  assert.equal(numbers.length, 500)
  assert.equal(lines.at(-1)?.msg, 'the end')
})

test('a reader that takes nothing holds nobody up, and is told what it missed when it reads again', async () => {
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', flood], {
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const closed = once(child, 'close')
  // It says so though none of its two megabytes of lines is read.
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  assert.equal(said.toString(), 'serves')
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString()
    if (log.includes('log-lines-lost')) child.stdin.end('enough')
  })
  await closed
  const lines = log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly line?: number; readonly lines?: number })
  const written = lines.filter(({ line }) => line !== undefined)
  const lost = lines.reduce((total, { lines: count = 0 }) => total + count, 0)
  assert.ok(lost > 0)
  assert.equal(written.length + lost, LINES)
})
