import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startHouse } from '../../harness/house.ts'
import { enrolled } from '../../harness/person.ts'
import { restDoorOver } from '../../rest/socket-free.ts'

/** What a browser's cookie opens, and what it does not. */

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
  const out = await post('/v1/logout', { cookie, ...csrf })
  assert.match(String(out.headers['set-cookie']), /Max-Age=0/)
  const after = await browser.send({ method: 'GET', path: '/v1/whoami', headers: { cookie } })
  assert.equal(after.status, 401)
})
