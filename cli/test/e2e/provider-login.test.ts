import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { CLIENT, CLIENT_SECRET, TestProvider } from '../../../server/test/harness/login-provider.ts'
import { atTerminal, type Reaction } from './at-terminal.ts'
import { startDevServer, type DevServer } from './dev-server.ts'
import { person } from './people.ts'

/** A person logs in at a terminal with a real OpenID Connect provider, whose page a browser of the same machine shows. */

const ADDRESS = /http:\/\/\S+\/auth\?\S+/

/** What a person does who is shown an address: `browse` goes there; and what they type where a code is asked for. */
function reacting(browse: (url: URL) => Promise<unknown>, type: () => string = () => '') {
  return (text: string): Reaction => {
    const [address] = ADDRESS.exec(text) ?? []
    if (address !== undefined) return browse(new URL(address))
    return text.endsWith('recovery code: ') ? type() : undefined
  }
}

/** A provider of which the server knows, for commands. */
async function providing(server: DevServer, provider: TestProvider): Promise<string> {
  const create = ['login-provider', 'create', 'Example', provider.issuer, CLIENT, '--admits']
  const given = [...create, '--strong', 'mfa', '--client-secret', '-', '-o', 'json']
  const { stdout } = await server.claviger(given, `${CLIENT_SECRET}\n`)
  return (JSON.parse(stdout.toString()) as { readonly id: string }).id
}

test('a login with a provider: the browser comes back to the command, and a code is typed where it is asked for', async () => {
  await using server = await startDevServer()
  await using provider = await TestProvider.start({ native: true })
  provider.people.set('ada', { amr: ['mfa'], claims: { preferred_username: 'ada' } })
  provider.people.set('bob', {})
  const owner = createClient({ address: server.address, token: server.token })
  const made = await providing(server, provider)
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
  const login = ['login', '--provider', made]
  const ada = await atTerminal(login, environment, reacting(browse('ada')))
  assert.equal(ada.exitCode, 0, ada.shown)
  assert.deepEqual(answers, [404, 404, 404, 200])
  const file = join(server.folder, 'claviger', 'config.yaml')
  const token = /clvs_\w+[\w-]*/.exec(await readFile(file, 'utf8'))?.[0] ?? ''
  assert.ok(token !== '' && !ada.shown.includes(token))
  const who = await createClient({ address: server.address, token }).whoami()
  assert.match(who.principal.name, /^ada-[0-9a-f]{8}$/)
  assert.equal(who.principal.kind, 'user')

  const bob = await person(server, 'bob', (id) =>
    owner.loginProvider.link({ provider: made, principal: id, subject: 'bob' }),
  )
  const done = await atTerminal(
    [...login, '--profile', 'bob', '--address', server.address],
    environment,
    reacting(browse('bob'), () => bob.code(0)),
  )
  assert.equal(done.exitCode, 0, done.shown)
  const { items } = await owner.login.list({ principal: bob.id })
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
  for (const given of [
    ['--provider', 'x', '--name', 'ada'],
    ['--again'],
    ['--port', '1'],
    ['--provider', 'x', '--port', 'a'],
  ]) {
    const { exitCode, shown } = await atTerminal(['login', ...given], environment)
    assert.equal(exitCode, 2, shown)
  }
  const unknown = ['login', '--provider', '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11']
  const { shown } = await atTerminal(unknown, environment)
  assert.match(shown, /There is no login provider of that id/)
})

test('a person links themselves in a browser of the same machine, logs in with it, and unlinks', async () => {
  await using server = await startDevServer()
  await using provider = await TestProvider.start({ native: true })
  provider.people.set('carol', { amr: ['mfa'] })
  const made = await providing(server, provider)
  const { id, token } = await person(server, 'carol')
  const environment = { XDG_CONFIG_HOME: server.folder, CLAVIGER_ADDR: server.address }
  const as = { ...environment, CLAVIGER_TOKEN: token }
  const asked: (string | null)[] = []
  const browse = async (url: URL) => {
    asked.push(url.searchParams.get('prompt'))
    const query = await provider.logIn(url.href, 'carol')
    await fetch(`${url.searchParams.get('redirect_uri')}${query}`)
  }
  const link = ['logins', 'provider-link', made]
  const linking = await atTerminal(link, as, reacting(browse))
  assert.equal(linking.exitCode, 0, linking.shown)
  assert.match(linking.shown, /Linked: /)
  const links = await atTerminal(['logins', 'provider-links', '-o', 'json'], as)
  const { items } = JSON.parse(links.stdout) as { items: readonly { readonly subject?: string }[] }
  assert.deepEqual(
    items.map(({ subject }) => subject),
    ['carol'],
  )
  const login = await atTerminal(['login', '--provider', made], environment, reacting(browse))
  assert.equal(login.exitCode, 0, login.shown)
  assert.deepEqual(asked, ['login', null], 'a link asks who they are anew')
  const me = await atTerminal(['whoami', '--field', 'principal.id'], environment)
  assert.equal(me.stdout, `${id}\n`)
  const unlinking = await atTerminal(['logins', 'provider-unlink', made, '--yes'], as)
  assert.equal(unlinking.exitCode, 0, unlinking.shown)
  const after = await atTerminal(['whoami'], environment)
  assert.equal(after.exitCode, 3, 'the login that came from it has ended')
})
