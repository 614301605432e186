import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { CLIENT, CLIENT_SECRET, TestProvider } from '../../../server/test/harness/login-provider.ts'
import { codeAt } from '../../../server/test/harness/person.ts'
import { runCommandLine } from '../../src/command-line.ts'
import { shellOf } from '../in-process.ts'
import { startDevServer } from './dev-server.ts'

/** A person logs in at a terminal with a real OpenID Connect provider, whose page a browser of the same machine shows. */

const ADDRESS = /http:\/\/\S+\/auth\?\S+/

/** Runs the command; `browse` does what the person does at the address that is shown, and `type` what they type. */
async function atTerminal(
  given: readonly string[],
  environment: Record<string, string>,
  browse: (url: URL) => Promise<void>,
  type: () => string = () => '',
) {
  let shown = ''
  const browsing = Promise.withResolvers<void>()
  const out: Buffer[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: () => input })
  const errors = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const text = String(chunk)
      shown += text
      const [address] = ADDRESS.exec(text) ?? []
      if (address !== undefined) browse(new URL(address)).then(browsing.resolve, browsing.reject)
      if (text.endsWith('recovery code: ')) setImmediate(() => input.write(`${type()}\r`))
      done()
    },
  })
  const shell = {
    ...shellOf({ environment, now: Date.now() }, out, []),
    input: input as unknown as NodeJS.ReadStream,
    errors: errors as unknown as NodeJS.WriteStream,
    terminals: { input: true, output: false, errors: true },
  }
  const running = runCommandLine(shell, given)
  // Where the browser fails, nobody comes back, and the command would wait.
  const exitCode = await Promise.race([running, browsing.promise.then(() => running)])
  return { exitCode, shown: `${shown}${Buffer.concat(out).toString()}` }
}

test('a login with a provider: the browser comes back to the command, and a code is typed where it is asked for', async () => {
  await using server = await startDevServer()
  await using provider = await TestProvider.start({ native: true })
  provider.people.set('ada', { amr: ['mfa'], claims: { preferred_username: 'ada' } })
  provider.people.set('bob', {})
  const owner = createClient({ address: server.address, token: server.token })
  const create = ['login-provider', 'create', 'Example', provider.issuer, CLIENT, '--admits']
  const given = [...create, '--strong', 'mfa', '--client-secret', '-', '-o', 'json']
  const { stdout } = await server.claviger(given, `${CLIENT_SECRET}\n`)
  const made = JSON.parse(stdout.toString()) as { readonly id: string }
  const environment = { XDG_CONFIG_HOME: server.folder, CLAVIGER_ADDR: server.address }
  const answers: number[] = []
  const browse = (subject: string) => async (url: URL) => {
    const redirect = url.searchParams.get('redirect_uri') ?? ''
    assert.match(redirect, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
    // Another program of this machine cannot end the login, nor put its own answer in.
    for (const other of ['?code=a&state=b', '/x', '?']) {
      const { status } = await fetch(`${redirect}${other}`)
      answers.push(status)
    }
    const query = await provider.logIn(url.href, subject)
    const last = await fetch(`${redirect}${query}`)
    assert.match(await last.text(), /go back to the terminal/)
    answers.push(last.status)
  }
  const login = ['login', '--provider', made.id]
  const ada = await atTerminal(login, environment, browse('ada'))
  assert.equal(ada.exitCode, 0, ada.shown)
  assert.deepEqual(answers, [404, 404, 404, 200])
  const file = join(server.folder, 'claviger', 'config.yaml')
  const token = /clvs_\w+[\w-]*/.exec(await readFile(file, 'utf8'))?.[0] ?? ''
  assert.ok(token !== '' && !ada.shown.includes(token))
  const who = await createClient({ address: server.address, token }).whoami()
  assert.deepEqual([who.principal.name, who.principal.kind], ['ada', 'user'])

  const { id: bob } = await owner.principal.create({ name: 'bob', kind: 'user' })
  await owner.loginProvider.link({ provider: made.id, principal: bob, subject: 'bob' })
  const { token: link } = await owner.person.invite({ person: bob })
  const nobody = createClient({ address: server.address })
  const { totp } = await nobody.enrolment.begin({ token: link })
  const code = (steps: number) => codeAt(totp.secret, Date.now() + steps * 30_000)
  const password = 'lantern gravel oboe seventeen'
  await nobody.enrolment.complete({ token: link, password, totp: { code: code(-1) } })
  const done = await atTerminal(
    [...login, '--profile', 'bob', '--address', server.address],
    environment,
    browse('bob'),
    () => code(0),
  )
  assert.equal(done.exitCode, 0, done.shown)
  const { items } = await owner.login.list({ principal: bob })
  assert.deepEqual(
    items.map(({ factors }) => factors.map(({ factor }) => factor).toSorted()),
    [
      ['password', 'totp'],
      ['provider', 'totp'],
    ],
  )
})

test('options that do not go together, and a provider that is not there', async () => {
  await using server = await startDevServer()
  const environment = { XDG_CONFIG_HOME: server.folder, CLAVIGER_ADDR: server.address }
  const nowhere = () => Promise.resolve()
  for (const given of [
    ['--provider', 'x', '--name', 'ada'],
    ['--again'],
    ['--port', '1'],
    ['--provider', 'x', '--port', 'a'],
  ]) {
    const { exitCode, shown } = await atTerminal(['login', ...given], environment, nowhere)
    assert.equal(exitCode, 2, shown)
  }
  const unknown = ['login', '--provider', '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11']
  const { shown } = await atTerminal(unknown, environment, nowhere)
  assert.match(shown, /There is no login provider of that id/)
})
