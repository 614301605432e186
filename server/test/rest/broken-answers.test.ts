import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { listen, type HttpDoor, type HttpResponse } from '#http'
import { exchange, lines } from './raw.ts'

/** Doors answer every error themselves. Should one fail all the same, its connection is cut, and the server goes on. */

const fine: HttpResponse = { status: 200, headers: {}, body: 'fine' }
const broken: Readonly<Record<string, () => Promise<HttpResponse>>> = {
  '/rejected': () => Promise.reject(new Error('a defect')),
  '/thrown': () => {
    throw new Error('a defect')
  },
  '/header': async () => ({ ...fine, headers: { name: 'a\r\nb: c' } }),
  '/status': async () => ({ ...fine, status: 99 }),
  '/stream': async () => ({
    ...fine,
    stream: () => {
      throw new Error('a defect')
    },
  }),
}
const door: HttpDoor = {
  bodyLimit: () => 65_536,
  respond: ({ path }) => broken[path]?.() ?? Promise.resolve(fine),
  refuse: () => ({ status: 400, headers: {}, body: '' }),
}
const listener = await listen({ door, host: '127.0.0.1', port: 0, idPrefix: '00000000' })
after(() => listener.drain(0))

for (const path of Object.keys(broken)) {
  test(`an answer that cannot be written cuts its connection alone: ${path}`, async () => {
    const other = exchange(
      listener.port,
      lines('GET /fine HTTP/1.1', 'Host: x', 'Connection: close'),
    )
    const bytes = await exchange(listener.port, lines(`GET ${path} HTTP/1.1`, 'Host: x'))
    assert.doesNotMatch(bytes.toString(), /b: c/)
    assert.match((await other).toString(), /fine$/)
  })
}
