import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { bin, startDevServer, type DevServer } from './dev-server.ts'

/** What a person sees: the command on a pseudo-terminal, which util-linux's script(1) makes. */

/** Part of every Debian (bsdutils). */
const terminalMaker = 'script'

let server: DevServer

before(async () => {
  server = await startDevServer()
})

after(async () => {
  await server[Symbol.asyncDispose]()
})

/** Runs a command line on a terminal; types each answer when its question has come. Gives what the terminal showed. */
function onTerminal(
  line: string,
  answers: readonly (readonly [question: string, answer: string])[] = [],
  more: Record<string, string> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = line.replaceAll('claviger ', `${bin} `)
    const child = spawn(terminalMaker, ['-qec', command, '/dev/null'], {
      env: { ...server.environment, TERM: 'xterm', ...more },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    let shown = ''
    let seen = 0
    const waiting = [...answers]
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      const [next] = waiting
      const at = next === undefined ? -1 : shown.indexOf(next[0], seen)
      if (next === undefined || at < 0) return
      seen = at + next[0].length
      waiting.shift()
      child.stdin.write(next[1])
    })
    child.on('error', reject)
    child.on('exit', () => resolve(shown.replaceAll('\r\n', '\n')))
  })
}

test('a terminal gets a table with a bold head, and plain text where NO_COLOR says so', async () => {
  await server.claviger(['key', 'create', '--alias', 'seen'])
  const shown = await onTerminal('claviger key list')
  const [head = '', row = ''] = shown.split('\n')
  assert.ok(head.startsWith('\u001b[1mID ') && head.endsWith('\u001b[22m'), JSON.stringify(head))
  assert.match(row, /^[0-9a-f-]{36} +seen +AES-256-GCM/)
  const plain = await onTerminal('claviger key list', [], { NO_COLOR: '1' })
  assert.match(plain, /^ID +ALIASES/)
  assert.ok(!plain.includes('\u001b'))
})

test('what ends a key has to be typed', async () => {
  await server.claviger(['key', 'create', '--alias', 'precious'])
  const state = async () =>
    (await server.claviger(['key', 'get', 'precious', '--field', 'state'])).stdout.toString().trim()
  const declined = await onTerminal('claviger key revoke precious; echo exit $?', [
    ['to go on: ', 'no\n'],
  ])
  assert.match(declined, /Not confirmed; nothing was done\nexit 1/)
  assert.equal(await state(), 'active')
  await onTerminal('claviger key revoke precious', [['to go on: ', 'precious\n']])
  assert.equal(await state(), 'deactivated')
  await server.claviger(['key', 'create', '--alias', 'quick'])
  const told = await onTerminal('claviger key destroy quick --yes --field destroyAt')
  assert.match(told, /^\d{4}-/)
})

test('what would miss a key is shown before the name is typed; a script says what it has seen', async () => {
  await server.claviger(['key', 'create', '--alias', 'missed'])
  await server.claviger(['dependent', 'create', 'missed', 'the shop', '--contact', 'shop on call'])
  await server.claviger(['datakey', 'missed'])
  const piped = await server.claviger(['key', 'destroy', 'missed', '--yes'])
  assert.equal(piped.exitCode, 6)
  assert.match(piped.stderr, /acknowledgement_required[\s\S]*claviger key dependents/)
  const shown = await onTerminal('claviger key destroy missed --field destroyAt', [
    ['to go on: ', 'missed\n'],
  ])
  assert.match(shown, /the shop \(service\) shop on call/)
  assert.match(shown, /Used it lately:\s+[0-9a-f-]{36}: 1 times/)
  assert.match(shown, /Names that point at it:\s+missed/)
  assert.match(shown, /\d{4}-\d\d-\d\dT/)
  await server.claviger(['key', 'restore', 'missed'])
  const { stdout } = await server.claviger(['key', 'dependents', 'missed', '--field', 'digest'])
  const acknowledge = stdout.toString().trim()
  const done = await server.claviger(['key', 'destroy', 'missed', '--acknowledge', acknowledge])
  assert.equal(done.exitCode, 0)
})

test('a secret is asked for without being shown', async () => {
  const shown = await onTerminal('claviger profile add typed --address https://kms.example', [
    ['Token for https://kms.example: ', 'clv_typq\u007fed-secret\n'],
  ])
  assert.ok(!shown.includes('secret'), shown)
  const file = await readFile(join(server.folder, 'claviger', 'config.yaml'), 'utf8')
  assert.match(file, /token: clv_typed-secret/)
})

test('Ctrl-C at a prompt ends the command as a shell expects', async () => {
  const shown = await onTerminal(
    'claviger profile add stopped --address https://kms.example; echo exit $?',
    [['Token for https://kms.example: ', '\u0003']],
  )
  assert.match(shown, /exit 130/)
  await server.claviger(['key', 'create', '--alias', 'kept'])
  for (const typed of ['\u0003', '\u0004']) {
    const asked = await onTerminal('claviger key revoke kept; echo exit $?', [
      ['to go on: ', typed],
    ])
    assert.match(asked, /exit 130/)
  }
  const { stdout } = await server.claviger(['key', 'get', 'kept', '--field', 'state'])
  assert.equal(stdout.toString(), 'active\n')
})

test('bytes do not reach a terminal, and a file shows its progress there', async () => {
  const refused = await onTerminal('echo hi | claviger encrypt -k seen; echo exit $?')
  assert.match(refused, /binary and stdout is a terminal[\s\S]*exit 2/)
  const files = join(server.folder, 'many')
  const shown = await onTerminal(
    `(head -c 3000000 /dev/zero; sleep 0.4; head -c 3000000 /dev/zero) | claviger encrypt -k seen --out ${files}; echo exit $?`,
  )
  assert.match(shown, /\d+\.\d MiB/)
  assert.match(shown, /exit 0/)
})

test('who encrypts what they type is told that the command waits for it', async () => {
  await server.claviger(['key', 'create', '--alias', 'typed'])
  const path = join(server.folder, 'typed.enc')
  const ready = 'Reading from the terminal; end with Ctrl-D'
  await onTerminal(`claviger encrypt -k typed --out ${path}`, [[ready, 'hello\n\u0004']])
  const { stdout, stderr } = await server.claviger(['decrypt', '-i', path])
  assert.equal(stdout.toString(), 'hello\n', stderr)
})
