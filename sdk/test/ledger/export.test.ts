import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeRecord } from '@claviger/contract/ledger'
import {
  logFiles,
  logSigner,
  record,
  uses,
  type LogFiles,
} from '../../../contract/test/ledger/log.ts'
import { createClient } from '../../src/index.ts'
import {
  directorySource,
  exportLedger,
  LedgerExportError,
  serverSource,
  verifyLedger,
} from '../../src/ledger/index.ts'
import { memorySource } from './support.ts'

const signer = logSigner()
const { vkeys } = signer
const all = uses(1_100)

async function temporary() {
  const path = await mkdtemp(join(tmpdir(), 'claviger-ledger-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The ledger's routes over real HTTP, with a token. */
async function served(files: LogFiles) {
  const answer = ({ url = '', headers }: IncomingMessage, response: ServerResponse) => {
    const problem = (status: number, code: string) => {
      response.writeHead(status, { 'content-type': 'application/problem+json' })
      response.end(
        JSON.stringify({
          type: 'about:blank',
          title: code,
          status,
          code,
          detail: '',
          request: 'r',
        }),
      )
    }
    if (headers.authorization !== 'Bearer auditor') return problem(401, 'unauthenticated')
    if (url === '/v1/ledger') {
      response.writeHead(200, { 'content-type': 'application/json' })
      const root = Buffer.alloc(32).toString('base64')
      const head = { origin: signer.origin, entries: 0, revision: 0, size: 0, root }
      return response.end(JSON.stringify({ ...head, checkpoint: '', keys: vkeys }))
    }
    const file = files.get(url.replace(/^\/v1\/ledger\//, ''))
    if (file === undefined) return problem(404, 'not_found')
    response.writeHead(200, { 'content-type': 'application/octet-stream' })
    return response.end(file)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    source: (token = 'auditor') => serverSource(createClient({ address, token })),
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

test('over HTTP: verified in place, exported, verified again from the files', async () => {
  await using server = await served(logFiles(all, signer))
  await using directory = await temporary()
  const target = join(directory.path, 'log')
  const online = await verifyLedger(server.source(), { vkeys })
  assert.deepEqual(online.findings, [])
  assert.equal((await verifyLedger(server.source())).trust, 'first-use')
  const progress: number[] = []
  const exported = await exportLedger(server.source(), target, {
    onProgress: ({ files, total }) => progress.push(files / total),
  })
  assert.deepEqual(exported, {
    origin: signer.origin,
    size: 1_100,
    trust: 'first-use',
    written: 11,
  })
  assert.equal(progress.at(-1), 1)
  const offline = await verifyLedger(directorySource(target), { vkeys })
  assert.deepEqual(offline.findings, [])
  assert.equal(offline.root, online.root)
  assert.deepEqual((await verifyLedger(directorySource(target))).vkeys, vkeys)
  assert.equal((await exportLedger(server.source(), target)).written, 0)
  await assert.rejects(verifyLedger(server.source('nobody')), { code: 'unauthenticated' })
})

test('an export that was cut off goes on, and the checkpoint comes last', async () => {
  await using directory = await temporary()
  const files = logFiles(all, signer)
  let left = 6
  const cut = {
    ...memorySource(files, vkeys),
    tile: async (path: string) => {
      left -= 1
      if (left < 0) throw new Error('the line is cut')
      return files.get(path)
    },
  }
  await assert.rejects(exportLedger(cut, directory.path), /the line is cut/)
  assert.ok(!(await readdir(directory.path)).includes('checkpoint'))
  const rest = await exportLedger(memorySource(files, vkeys), directory.path)
  assert.ok(rest.written >= 5 && rest.written < 11)
  assert.equal((await verifyLedger(directorySource(directory.path), { vkeys })).ok, true)
})

test('a ledger that grew is continued: partial tiles give way, checkpoints are kept', async () => {
  await using directory = await temporary()
  for (const size of [0, 1, 255, 256, 300, 1_100]) {
    await exportLedger(memorySource(logFiles(all.slice(0, size), signer), vkeys), directory.path)
    const report = await verifyLedger(directorySource(directory.path), { vkeys })
    assert.deepEqual(report.findings, [], `size ${size}`)
    assert.equal(report.entries, size)
  }
  assert.deepEqual((await readdir(join(directory.path, 'tile/0'))).toSorted(), [
    '000',
    '001',
    '002',
    '003',
    '004.p',
  ])
  const kept = await readdir(join(directory.path, 'checkpoints'))
  assert.equal(kept.length, 6)
  const earlier = await Promise.all(
    kept.map((name) => readFile(join(directory.path, 'checkpoints', name))),
  )
  const report = await verifyLedger(directorySource(directory.path), { vkeys, earlier })
  assert.deepEqual(report.findings, [])
})

test('what does not continue the copy is not copied', async () => {
  await using directory = await temporary()
  await exportLedger(memorySource(logFiles(all.slice(0, 300), signer), vkeys), directory.path)
  const other = logSigner('elsewhere.example/log')
  const forger = logSigner()
  const cases: readonly (readonly [RegExp, LogFiles, readonly string[]])[] = [
    [/gone/, logFiles(all.slice(0, 299), signer), vkeys],
    [/no verifier|none of the verifier keys|missing/, logFiles(all, other), other.vkeys],
    // The keys of the first export are the ones to be convinced by, whatever the server now says.
    [/missing/, logFiles(all, forger), forger.vkeys],
    [/no checkpoint/, new Map(), vkeys],
  ]
  for (const [why, files, keys] of cases) {
    const copied = exportLedger(memorySource(files, keys), directory.path)
    await assert.rejects(
      copied,
      (error) => error instanceof LedgerExportError && why.test(error.message),
    )
  }
  // Whoever gives none trusts none, neither the ledger's own nor those that are kept.
  const untrusted = exportLedger(memorySource(logFiles(all, signer), vkeys), directory.path, {
    vkeys: [],
  })
  await assert.rejects(untrusted, /no verifier key/)
  const copied = exportLedger(memorySource(logFiles(all, other), other.vkeys), directory.path, {
    vkeys: other.vkeys,
  })
  await assert.rejects(copied, /another log/)
  const holed = logFiles(all, signer)
  holed.delete('tile/entries/002')
  await assert.rejects(exportLedger(memorySource(holed), directory.path), /tile\/entries\/002/)
  const after = await verifyLedger(directorySource(directory.path), { vkeys })
  assert.deepEqual(after.findings, [])
  assert.equal(after.entries, 300)
})

test('a fork copied over an export is found by what was kept', async () => {
  await using directory = await temporary()
  await exportLedger(memorySource(logFiles(all.slice(0, 400), signer), vkeys), directory.path)
  const forked = all.with(3, encodeRecord(record({ request: 'rewritten' })))
  await exportLedger(memorySource(logFiles(forked, signer)), directory.path)
  assert.equal((await verifyLedger(directorySource(directory.path), { vkeys })).ok, false)
})

test('a fork behind the last full tile is found by the checkpoints that were kept', async () => {
  await using directory = await temporary()
  const copy = (entries: readonly Uint8Array[]) =>
    exportLedger(memorySource(logFiles(entries, signer), vkeys), directory.path)
  const found = async () =>
    (await verifyLedger(directorySource(directory.path), { vkeys })).findings.map(
      ({ kind, what, why }) => `${kind}: ${what}: ${why}`,
    )
  await copy(all.slice(0, 300))
  await copy(all.slice(0, 310))
  assert.deepEqual(await found(), [])
  const forked = all.with(290, encodeRecord(record({ request: 'rewritten' })))
  // One that is as long does not take the place of the checkpoint that shows it.
  await assert.rejects(copy(forked.slice(0, 310)), /as many others: entries were changed/)
  assert.deepEqual(await found(), [])
  await copy(forked.slice(0, 320))
  const changed = 'the ledger does not begin with it: entries were changed'
  assert.deepEqual(
    (await found()).toSorted(),
    [300, 310].map((size) => `history: checkpoints/${size}: ${changed}`),
  )
})

test('what stands beside the kept checkpoints is passed over, and what is none of them is found', async () => {
  await using directory = await temporary()
  await exportLedger(memorySource(logFiles(all.slice(0, 300), signer), vkeys), directory.path)
  await writeFile(join(directory.path, 'checkpoints/notes.txt'), 'kept since 2026')
  assert.equal((await verifyLedger(directorySource(directory.path), { vkeys })).ok, true)
  await writeFile(join(directory.path, 'checkpoints/200'), 'nothing')
  const { findings } = await verifyLedger(directorySource(directory.path), { vkeys })
  assert.deepEqual(
    findings.map(({ what }) => what),
    ['checkpoints/200'],
  )
})

test('a directory is read within bounds, and what is no file is not read', async () => {
  await using directory = await temporary()
  const absent = await verifyLedger(directorySource(join(directory.path, 'nowhere')), { vkeys })
  assert.equal(absent.findings[0]?.why, 'it is missing')
  await writeFile(join(directory.path, 'checkpoint'), Buffer.alloc(300_000))
  await assert.rejects(verifyLedger(directorySource(directory.path), { vkeys }), /at most/)
  await rm(join(directory.path, 'checkpoint'))
  await symlink('/dev/zero', join(directory.path, 'checkpoint'))
  await assert.rejects(verifyLedger(directorySource(directory.path), { vkeys }), /not a file/)
})
