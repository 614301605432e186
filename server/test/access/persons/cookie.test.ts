import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../../harness/house.ts'
import { enrolled } from '../../harness/person.ts'
import { restDoorOver } from '../../rest/socket-free.ts'

/** What a browser's cookie opens, and what it does not. */

/** The id of no provider. */
const STRANGER = '0b7c9b5e-1f4d-4d0a-9d6e-2f6f4b1c0a11'

test('the cookie carries a login, and changes nothing without the code and from other sites', async () => {
  await using house = await startHouse()
  const { owner } = restDoorOver(house)
  const browser = owner.as(undefined)
  const person = await enrolled(house)
  const post = (path: string, headers: Record<string, string>, body: object = {}) =>
    browser.send({
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', host: 'kms.test', ...headers },
      body: JSON.stringify(body),
    })
  const input = { ...person.login(), carrier: 'cookie' }
  const foreign = await post('/v1/login', { origin: 'https://evil.test' }, input)
  assert.equal(foreign.status, 403)
  const entered = await post('/v1/login', { origin: 'https://kms.test' }, input)
  assert.equal(entered.status, 200, entered.body.toString())
  const set = String(entered.headers['set-cookie'])
  assert.match(set, /^__Host-claviger=clvs_\S+; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
  const told = JSON.parse(entered.body.toString()) as { csrf: string; token?: string }
  assert.equal(told.token, undefined)
  const cookie = set.split(';')[0] ?? ''
  const csrf = { 'claviger-csrf': told.csrf }
  const who = await browser.send({ method: 'GET', path: '/v1/whoami', headers: { cookie } })
  assert.equal(who.status, 200)
  // A page that is loaded anew has only the cookie, and learns the code here; whoever has the token needs none.
  assert.equal((JSON.parse(who.body.toString()) as { csrf: string }).csrf, told.csrf)
  const withToken = await browser.as(person.token).send({ method: 'GET', path: '/v1/whoami' })
  assert.equal(withToken.status, 200)
  assert.ok(!withToken.body.toString().includes('csrf'))
  const begin = (headers: Record<string, string>) =>
    post('/v1/factors/begin', { cookie, ...headers }, { kind: 'totp' })
  assert.equal((await begin({})).status, 401)
  assert.equal((await begin({ 'claviger-csrf': person.csrf })).status, 401)
  assert.equal((await begin({ ...csrf, origin: 'https://evil.test' })).status, 403)
  assert.equal((await begin({ ...csrf, origin: 'https://kms.test' })).status, 200)
  // No page of somebody else's links a person, unlinks one, or finds out where one is logged in.
  for (const [method, path, status] of [
    ['POST', '/v1/login/provider/link/start', 404],
    ['POST', '/v1/login/provider/logout', 200],
    ['DELETE', `/v1/login/provider/links/${STRANGER}`, 404],
  ] as const) {
    const ask = (headers: Record<string, string>) =>
      browser.send({
        method,
        path,
        headers: { 'content-type': 'application/json', host: 'kms.test', cookie, ...headers },
        body: path.endsWith('start') ? JSON.stringify({ provider: STRANGER }) : '{}',
      })
    assert.equal((await ask({})).status, 401, path)
    assert.equal((await ask({ 'claviger-csrf': person.csrf })).status, 401, path)
    assert.equal((await ask({ ...csrf, origin: 'https://evil.test' })).status, 403, path)
    assert.equal((await ask(csrf)).status, status, path)
  }
  const finishing = { flow: 'a'.repeat(43), callback: '' }
  const withoutCode = await post('/v1/login/provider/link', { cookie }, finishing)
  assert.match(withoutCode.body.toString(), /The login has ended/)
  const withCode = await post('/v1/login/provider/link', { cookie, ...csrf }, finishing)
  assert.match(withCode.body.toString(), /did not succeed/)
  const out = await post('/v1/logout', { cookie, ...csrf })
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/)
  const after = await browser.send({ method: 'GET', path: '/v1/whoami', headers: { cookie } })
  assert.equal(after.status, 401)
})
