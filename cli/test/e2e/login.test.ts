import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { runCommandLine } from '../../src/command-line.ts'
import { shellOf } from '../in-process.ts'
import { startDevServer } from './dev-server.ts'

/** A person logs in at a terminal, and lets another command in, at the real server. */

const password = 'lantern gravel oboe seventeen'
const STEP_MS = 30_000
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 6238, of a secret in Base32, so many steps from now. */
function codeOf(secret: string, steps: number): string {
  const bits = [...secret.replaceAll('=', '')]
    .map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / STEP_MS) + steps))
  const mac = createHmac('sha1', key).update(counter).digest()
  const at = (mac[19] ?? 0) & 15
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}

/** Runs a command at a terminal; `answer` says what is typed after what is shown. */
async function atTerminal(
  given: readonly string[],
  environment: Record<string, string>,
  answer: (shown: string) => string | undefined,
) {
  let stderr = ''
  const out: Buffer[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: () => input })
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stderr += String(chunk)
      const typed = answer(String(chunk))
      if (typed !== undefined) setImmediate(() => input.write(`${typed}\r`))
      done()
    },
  })
  const shell = {
    ...shellOf({ environment, now: Date.now() }, out, []),
    input: input as unknown as NodeJS.ReadStream,
    errors: errors as unknown as NodeJS.WriteStream,
    terminals: { input: true, output: false, errors: true },
  }
  const exitCode = await runCommandLine(shell, given)
  return { exitCode, stderr, stdout: Buffer.concat(out).toString() }
}

test('a person logs in at a terminal, lets another command in, and logs out', async () => {
  await using server = await startDevServer()
  const owner = createClient({ address: server.address, token: server.token })
  const { id } = await owner.principal.create({ name: 'alice', kind: 'user' })
  const { token: link } = await owner.person.invite({ person: id })
  const nobody = createClient({ address: server.address })
  const { totp } = await nobody.enrolment.begin({ token: link })
  await nobody.enrolment.complete({
    token: link,
    password,
    totp: { code: codeOf(totp.secret, -1) },
  })
  const environment = { XDG_CONFIG_HOME: server.folder, CLAVIGER_ADDR: server.address }
  const here = await atTerminal(['login', '--name', 'alice'], environment, (shown) => {
    if (shown === 'Password: ') return password
    return shown.startsWith('Code of') ? codeOf(totp.secret, 0) : undefined
  })
  assert.equal(here.exitCode, 0, here.stderr)
  const file = join(server.folder, 'claviger', 'config.yaml')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const token = /clvs_\w+[\w-]*/.exec(await readFile(file, 'utf8'))?.[0] ?? ''
  assert.ok(!`${here.stdout}${here.stderr}`.includes(token) && token !== '')
  const who = await atTerminal(
    ['whoami', '--field', 'principal.name'],
    environment,
    () => undefined,
  )
  assert.equal(who.stdout, 'alice\n', who.stderr)
  const alice = createClient({ address: server.address, token })
  const other = { ...environment, XDG_CONFIG_HOME: join(server.folder, 'other') }
  let confirming: Promise<unknown> | undefined
  const elsewhere = await atTerminal(['login'], other, (shown) => {
    const userCode = /type this code: (\S+)/.exec(shown)?.[1]
    if (userCode !== undefined) confirming = alice.login.deviceConfirm({ userCode })
    return undefined
  })
  await confirming
  assert.equal(elsewhere.exitCode, 0, elsewhere.stderr)
  for (const home of [environment, other]) {
    assert.equal((await atTerminal(['logout'], home, () => undefined)).exitCode, 0)
  }
  await assert.rejects(alice.whoami(), { code: 'unauthenticated' })
})
