import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { temporaryFolder } from '../in-process.ts'
import { bin, inProcess } from './dev-server.ts'

/** `claviger server` as an operator meets it: hardened, on a data folder, sealed until custodians open it. */

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}

/** How often to ask, and how long to go on asking, until a server answers. */
const ASK_MS = 50
const ASKED_MAX = 400

test('a server is initialized, sealed, unsealed by its custodians, and keeps its keys over a restart', async () => {
  await using folder = await temporaryFolder()
  const port = await freePort()
  const shares = join(folder.path, 'shares')
  const base = { CLAVIGER_ADDR: `http://127.0.0.1:${port}`, HOME: folder.path }
  let token = ''
  const run = async (given: readonly string[], stdin = '') => {
    const environment = token === '' ? base : { ...base, CLAVIGER_TOKEN: token }
    const { exitCode, stdout, stderr } = await inProcess(given, environment, stdin)
    return { exitCode, stdout: stdout.toString('utf8').trim(), stderr }
  }
  const start = async () => {
    const server = spawn(
      bin,
      [
        'server',
        '--listen',
        `127.0.0.1:${port}`,
        '--data',
        join(folder.path, 'data'),
        '--log-level',
        'error',
      ],
      {
        env: { PATH: process.env['PATH'] ?? '' },
        stdio: ['ignore', 'ignore', 'inherit'],
      },
    )
    const ended = once(server, 'exit')
    for (let asked = 0; (await run(['health'])).exitCode !== 0; asked += 1) {
      assert.ok(asked < ASKED_MAX && server.exitCode === null, 'the server does not answer')
      await wait(ASK_MS)
    }
    return {
      pid: server.pid,
      async [Symbol.asyncDispose]() {
        server.kill('SIGTERM')
        await ended
      },
    }
  }
  {
    await using server = await start()
    const flags = (await readFile(`/proc/${server.pid}/cmdline`, 'utf8')).split('\0')
    assert.ok(
      flags.includes('--permission') &&
        flags.includes(`--allow-fs-write=${join(folder.path, 'data')}`),
    )
    assert.equal((await run(['key', 'list'])).exitCode, 7, 'not initialized')
    assert.equal((await run(['unseal'])).exitCode, 7)
    const made = await run([
      'init',
      '--shares',
      '3',
      '--threshold',
      '2',
      '--shares-dir',
      shares,
      '--field',
      'token',
    ])
    assert.equal(made.exitCode, 0, made.stderr)
    token = made.stdout
    assert.equal((await run(['init'])).exitCode, 6, 'once')
    assert.equal((await run(['key', 'create', '--alias', 'kept'])).exitCode, 0)
  }
  const envelope = await (async () => {
    await using server = await start()
    assert.ok(server.pid !== undefined)
    assert.equal((await run(['status', '--field', 'state'])).stdout, 'sealed')
    assert.equal((await run(['key', 'list'])).exitCode, 7, 'sealed')
    const share = (number: number) => readFile(join(shares, `share-${number}.txt`), 'utf8')
    assert.match((await run(['unseal'], await share(1))).stderr, /still sealed: 1 of 2/)
    assert.equal((await run(['unseal', '--reset'], 'not-a-share')).exitCode, 3)
    const opened = await run(['unseal', '--field', 'state'], `${await share(3)}${await share(1)}`)
    assert.equal(opened.stdout, 'unsealed', opened.stderr)
    const { stdout } = await run(['encrypt', '-k', 'kept', '--text'], 'over a restart')
    const proof = join(shares, 'share-2.txt')
    assert.equal(
      (await run(['rotate-root', '--proof-file', proof])).exitCode,
      3,
      'one share is not enough',
    )
    assert.equal((await run(['rotate-root'], `${await share(2)}${await share(3)}`)).exitCode, 0)
    const reissued = await run(
      ['reissue-seal', '--shares', '2', '--threshold', '2'],
      `${await share(1)}${await share(2)}`,
    )
    assert.equal((JSON.parse(reissued.stdout) as { shares: string[] }).shares.length, 2)
    assert.equal((await run(['seal', '--field', 'state'])).stdout, 'sealed')
    assert.notEqual(
      (await run(['unseal', '--field', 'state'], `${await share(1)}${await share(2)}`)).stdout,
      'unsealed',
    )
    const newer = (JSON.parse(reissued.stdout) as { shares: string[] }).shares.join('\n')
    assert.equal((await run(['unseal', '--reset', '--field', 'state'], newer)).stdout, 'unsealed')
    assert.equal((await run(['decrypt', '--text'], stdout)).stdout, 'over a restart')
    assert.equal((await run(['doctor'])).exitCode, 0)
    assert.equal((await run(['ledger', 'verify'])).exitCode, 0)
    return stdout
  })()
  assert.match(envelope, /^[A-Za-z0-9+/]+=*$/)
})
