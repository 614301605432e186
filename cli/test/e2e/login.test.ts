import assert from 'node:assert/strict'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createClient } from '@claviger/sdk'
import { atTerminal } from './at-terminal.ts'
import { startDevServer } from './dev-server.ts'
import { PASSWORD, person } from './people.ts'

/** A person logs in at a terminal, and lets another command in, at the real server. */

test('a person logs in at a terminal, lets another command in, and logs out', async () => {
  await using server = await startDevServer()
  const { code } = await person(server, 'alice')
  const environment = { XDG_CONFIG_HOME: server.folder, CLAVIGER_ADDR: server.address }
  const here = await atTerminal(['login', '--name', 'alice'], environment, (text) => {
    if (text === 'Password: ') return PASSWORD
    return text.startsWith('Code of') ? code(0) : undefined
  })
  assert.equal(here.exitCode, 0, here.shown)
  const file = join(server.folder, 'claviger', 'config.yaml')
  assert.equal((await stat(file)).mode & 0o777, 0o600)
  const token = /clvs_\w+[\w-]*/.exec(await readFile(file, 'utf8'))?.[0] ?? ''
  assert.ok(!`${here.stdout}${here.shown}`.includes(token) && token !== '')
  const who = await atTerminal(['whoami', '--field', 'principal.name'], environment)
  assert.equal(who.stdout, 'alice\n', who.shown)
  const alice = createClient({ address: server.address, token })
  const other = { ...environment, XDG_CONFIG_HOME: join(server.folder, 'other') }
  const elsewhere = await atTerminal(['login'], other, (text) => {
    const userCode = /type this code: (\S+)/.exec(text)?.[1]
    return userCode === undefined ? undefined : alice.login.deviceConfirm({ userCode })
  })
  assert.equal(elsewhere.exitCode, 0, elsewhere.shown)
  for (const home of [environment, other])
    assert.equal((await atTerminal(['logout'], home)).exitCode, 0)
  await assert.rejects(alice.whoami(), { code: 'unauthenticated' })
})
