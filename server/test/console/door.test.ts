import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { operations, type OperationName } from '@claviger/contract'
import { createConsoleDoor } from '#console'
import type { HttpRequest } from '#http'

/** The pages' door, without a browser: what it serves, and what it says with it. */

const door = createConsoleDoor()
const folder = new URL('../../src/doors/console/pages/', import.meta.url)
const pages = ['/login', '/enrol', '/device', '/approvals', '/account']

function ask(path: string, rest: Partial<HttpRequest> = {}) {
  return door.respond({
    method: 'GET',
    path,
    query: '',
    headers: {},
    distinctHeaders: () => ({}),
    body: Buffer.alloc(0),
    source: '127.0.0.1',
    id: 'test-1',
    ...rest,
  })
}

test('every file of the folder is served under its name, with its type and what it must not do', async () => {
  const files = readdirSync(folder).filter((name) => !/\.(html|json|d\.ts)$/.test(name))
  assert.ok(files.length > 10)
  const types = new Map([
    ['js', 'text/javascript; charset=utf-8'],
    ['css', 'text/css; charset=utf-8'],
    ['svg', 'image/svg+xml'],
  ])
  for (const name of [...files, 'uqr.js']) {
    const path = `/console/${name}`
    assert.ok(door.takes(path, 'GET'), path)
    const { status, headers } = await ask(path)
    assert.equal(status, 200, path)
    assert.equal(headers['content-type'], types.get(name.split('.')[1] ?? ''), path)
  }
})

test('every answer, refusals too, is strict', async () => {
  const answers = [
    ...(await Promise.all(pages.map((path) => ask(path)))),
    await ask('/console/style.css'),
    await ask('/login', { method: 'POST' }),
    await ask('/console/none.js'),
  ]
  for (const { headers } of answers) {
    const policy = headers['content-security-policy'] ?? ''
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "connect-src 'self'",
      "img-src 'self'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ])
      assert.ok(policy.split('; ').includes(directive), directive)
    assert.doesNotMatch(policy, /unsafe|https?:|\*/)
    assert.equal(headers['referrer-policy'], 'no-referrer')
    assert.equal(headers['x-content-type-options'], 'nosniff')
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin')
    assert.match(headers['permissions-policy'] ?? '', /publickey-credentials-get=\(self\)/)
    assert.equal(headers['set-cookie'], undefined)
  }
})

test('pages have no script and no style of their own, and load from this server alone', async () => {
  for (const path of pages) {
    const { headers, body } = await ask(path)
    assert.equal(headers['content-type'], 'text/html; charset=utf-8')
    const html = body.toString()
    assert.doesNotMatch(html, /<script(?![^>]* src=)|<style| style=| on[a-z]+=|https?:/, path)
    assert.doesNotMatch(html, /\{\w+\}/, 'every place is filled')
    const loaded = [...html.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(
      ([, address = '']) => address,
    )
    assert.ok(loaded.length >= 4)
    for (const address of loaded) assert.ok(door.takes(address, 'GET'), address)
  }
})

test('modules load modules that are there', async () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.js'))) {
    const { body } = await ask(`/console/${name}`)
    const source = body.toString()
    assert.doesNotMatch(
      source,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(/,
      name,
    )
    for (const [, from = ''] of source.matchAll(/^import [^']*from '([^']+)'/gm))
      assert.ok(
        door.takes(new URL(from, `http://x/console/${name}`).pathname, 'GET'),
        `${name}: ${from}`,
      )
  }
})

test('what a browser has already is not sent again', async () => {
  const { headers } = await ask('/login')
  const etag = headers['etag'] ?? ''
  assert.match(etag, /^"[\w-]{43}"$/)
  assert.equal(headers['cache-control'], 'no-cache')
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const again = await ask('/login', { headers: { 'if-none-match': known } })
    assert.equal(again.status, 304)
    assert.equal(again.body.length, 0)
    assert.equal(again.headers['etag'], etag)
  }
  const other = await ask('/login', { headers: { 'if-none-match': '"other"' } })
  assert.equal(other.status, 200)
})

test('nothing but reading, and nothing but its own', async () => {
  assert.equal((await ask('/login', { method: 'HEAD' })).status, 200)
  const posted = await ask('/login', { method: 'POST' })
  assert.equal(posted.status, 405)
  assert.equal(posted.headers['allow'], 'GET, HEAD')
  assert.ok(!door.takes('/', 'POST'), 'clients of AWS call there')
  for (const path of [
    '/v1/whoami',
    '/aws',
    '/login/',
    '/Login',
    '/console/',
    '/console/page.html',
    '/console/tsconfig.json',
    '/console/../door.ts',
    '/console/%2e%2e/door.ts',
    '/console/constructor',
  ])
    assert.ok(!door.takes(path, 'GET'), path)
})

test('the routes that pages know are those of the contract', async () => {
  const module = (await import(new URL('operations.js', folder).href)) as {
    routes: Readonly<Record<string, string>>
  }
  for (const [name, route] of Object.entries(module.routes)) {
    const row = operations[name as OperationName] as { readonly route: string } | undefined
    assert.equal(route, row?.route, name)
  }
})
