import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmod,
  link,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { parseEnvelope } from '@claviger/contract/envelope'
import { parseFileHeader, parseFilePrefix } from '@claviger/contract/file-format'
import { decryptFile, encryptFile, type Claviger } from '@claviger/sdk'
import { rewrapFolder } from '@claviger/sdk/rewrap'
import { bin, startServerOfFile } from './dev-server.ts'

/** Re-wrapping the files of a folder, with the command and with the library, at the real server. */

const { server, client } = await startServerOfFile()

const folder = () => mkdtemp(join(server.folder, 'files-'))

async function encrypt(path: string, key: string, plaintext: Uint8Array): Promise<void> {
  const { plaintext: dataKey, ciphertext } = await client.datakey({ key })
  assert.ok(dataKey)
  const pieces: Uint8Array[] = []
  await encryptFile({
    source: pieceOf(plaintext),
    sink: (bytes) => void pieces.push(bytes),
    dataKey: { plaintext: dataKey, ciphertext },
  })
  await writeFile(path, Buffer.concat(pieces))
}

async function decrypt(path: string): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await decryptFile({
    source: pieceOf(await readFile(path)),
    sink: (bytes) => void pieces.push(bytes),
    unwrap: async (ciphertext) => (await client.decrypt({ ciphertext })).plaintext,
  })
  return Buffer.concat(pieces)
}

async function* pieceOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}

/** The key and version that a file's header names. */
async function underWhat(path: string): Promise<{ key: string; version: number } | undefined> {
  const bytes = await readFile(path)
  const prefix = parseFilePrefix(bytes)
  const header = prefix && parseFileHeader(bytes.subarray(0, prefix.headerBytes))
  const envelope = header && parseEnvelope(header.wrapped)
  return envelope && { key: envelope.key, version: envelope.version }
}

async function figure(given: readonly string[], exitCode = 0) {
  const outcome = await server.claviger(['rewrap', ...given, '-o', 'json'])
  assert.equal(outcome.exitCode, exitCode, outcome.stderr)
  const { run, ...rest } = JSON.parse(outcome.stdout.toString()) as Record<string, unknown>
  assert.ok(typeof run === 'string')
  return { run, rest, stderr: outcome.stderr }
}

test('every file of a folder is brought under the new version, in place, and stays what it was', async () => {
  const { id: key } = await client.key.create({ alias: 'shelf' })
  const { id: other } = await client.key.create({})
  const root = await folder()
  const outside = join(await folder(), 'outside')
  await mkdir(join(root, 'deep/deeper'), { recursive: true })
  const contents = new Map([
    [join(root, 'empty'), Buffer.alloc(0)],
    [join(root, 'deep/small'), Buffer.from('a secret')],
    [join(root, 'deep/deeper/large'), randomBytes(2_500_000)],
  ])
  const then = new Date('2020-02-02T02:02:02Z')
  for (const [path, content] of contents) {
    await encrypt(path, key, content)
    await chmod(path, 0o640)
    await utimes(path, then, then)
  }
  await encrypt(outside, key, Buffer.from('elsewhere'))
  await symlink(outside, join(root, 'link'))
  await symlink(await folder(), join(root, 'folder-link'))
  await writeFile(join(root, 'notes.txt'), 'no ciphertext')
  await encrypt(join(root, 'theirs'), other, Buffer.from('of another key'))
  await client.key.rotate({ key })

  const { rest } = await figure([root, '-k', 'shelf'])
  const bytes = await Promise.all([...contents.keys()].map(async (path) => (await stat(path)).size))
  assert.deepEqual(rest, {
    outcome: 'complete',
    done: 3,
    already: 0,
    failed: 0,
    bytes: bytes.reduce((sum, size) => sum + size, 0),
    others: 2,
  })
  for (const [path, content] of contents) {
    assert.deepEqual(await underWhat(path), { key, version: 2 })
    assert.ok((await decrypt(path)).equals(content), path)
    const { mode, mtime } = await stat(path)
    assert.equal(mode & 0o777, 0o640)
    assert.equal(mtime.getTime(), then.getTime())
  }
  assert.deepEqual(await underWhat(outside), { key, version: 1 })
  assert.deepEqual(await underWhat(join(root, 'theirs')), { key: other, version: 1 })
  assert.equal(await readFile(join(root, 'notes.txt'), 'utf8'), 'no ciphertext')

  const again = await figure([root, '-k', 'shelf'])
  assert.deepEqual(again.rest, { ...rest, done: 0, already: 3, bytes: 0 })
})

test('files go to another key where one is named', async () => {
  const { id: key } = await client.key.create({})
  const { id: into } = await client.key.create({})
  const root = await folder()
  await encrypt(join(root, 'a'), key, Buffer.from('a'))
  const { rest } = await figure([root, '-k', key, '--into', into])
  assert.equal(rest['done'], 1)
  assert.deepEqual(await underWhat(join(root, 'a')), { key: into, version: 1 })
})

test('killed in the middle, no file is half, and the next command goes on with the run', async () => {
  const { id: key } = await client.key.create({})
  const root = await folder()
  const names = Array.from({ length: 12 }, (_, n) => `file-${String(n).padStart(2, '0')}`)
  for (const name of names) await encrypt(join(root, name), key, randomBytes(300_000))
  await client.key.rotate({ key })
  const asNew = async () => {
    const under = await Promise.all(names.map((name) => underWhat(join(root, name))))
    return under.filter((each) => each?.version === 2).length
  }
  const args = ['rewrap', root, '-k', key, '--per-second', '10']
  const child = spawn(bin, args, { env: server.environment, stdio: 'ignore' })
  const ended = once(child, 'exit')
  while ((await asNew()) < 3 && child.exitCode === null) await wait(10)
  child.kill('SIGKILL')
  await ended
  const before = await asNew()
  assert.ok(before >= 3 && before < names.length, `${before} were done when it was killed`)
  // As a process that was killed while it wrote leaves it.
  await writeFile(join(root, '.0011223344556677.claviger-rewrap'), 'CLAVIGER, and half a file')
  for (const name of names) assert.equal((await decrypt(join(root, name))).length, 300_000)
  const open = await client.rewrap.list({ key, state: 'open' })
  assert.equal(open.items.length, 1)

  const { run, rest } = await figure([root, '-k', key])
  assert.equal(run, open.items[0]?.id)
  assert.equal(rest['outcome'], 'complete')
  assert.equal(await asNew(), names.length)
  assert.deepEqual((await readdir(root)).toSorted(), names)
  for (const name of names) assert.equal((await decrypt(join(root, name))).length, 300_000)
})

test('what cannot be re-wrapped is named, left as it is, and keeps the run from being complete', async () => {
  const { id: key } = await client.key.create({})
  const root = await folder()
  for (const name of ['good', 'damaged', 'short', 'linked'])
    await encrypt(join(root, name), key, randomBytes(10_000))
  const damaged = await readFile(join(root, 'damaged'))
  damaged.writeUInt8(damaged.readUInt8(damaged.length - 1) ^ 1, damaged.length - 1)
  await writeFile(join(root, 'damaged'), damaged)
  const short = (await readFile(join(root, 'short'))).subarray(0, -1)
  await writeFile(join(root, 'short'), short)
  await link(join(root, 'linked'), join(server.folder, 'its-other-name'))
  await client.key.rotate({ key })

  const { run, rest, stderr } = await figure([root, '-k', key], 1)
  assert.equal(rest['outcome'], 'incomplete')
  assert.equal(rest['done'], 1)
  assert.equal(rest['failed'], 3)
  assert.match(stderr, /damaged": .*\n.*linked": it has other names.*\n.*short": /s)
  assert.ok((await readFile(join(root, 'damaged'))).equals(damaged))
  assert.ok((await readFile(join(root, 'short'))).equals(short))
  assert.deepEqual((await readdir(root)).toSorted(), ['damaged', 'good', 'linked', 'short'])
  assert.equal((await client.rewrap.get({ run })).outcome, 'incomplete')
})

test('a file that is written while it is re-wrapped keeps what was written, and is taken again', async () => {
  const { id: key } = await client.key.create({})
  const root = await folder()
  const path = join(root, 'busy')
  await encrypt(path, key, Buffer.from('first'))
  let writes = 0
  // Somebody writes, still under the old version, just when the new file is being made.
  const meddled: Claviger = {
    ...client,
    async datakey(input, options) {
      const made = await client.datakey(input, options)
      if ((writes += 1) === 1) await writeFile(path, second)
      return made
    },
  }
  await encrypt(join(server.folder, 'second'), key, Buffer.from('second'))
  const second = await readFile(join(server.folder, 'second'))
  await client.key.rotate({ key })
  const result = await rewrapFolder({ client: meddled, folder: root, key, source: 'busy' })
  assert.equal(result.outcome, 'complete')
  assert.equal(writes, 2)
  assert.equal((await decrypt(path)).toString(), 'second')
  assert.deepEqual(await underWhat(path), { key, version: 2 })
})

test('a folder that is not there, and a rate that is none, are usage errors', async () => {
  for (const given of [
    ['rewrap', '/nonexistent', '-k', 'shelf'],
    ['rewrap', server.folder, '-k', 'shelf', '--per-second', '0'],
    ['rewrap', server.folder],
  ])
    assert.equal((await server.claviger(given)).exitCode, 2, given.join(' '))
})
