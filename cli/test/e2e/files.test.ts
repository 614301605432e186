import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bin, startServerOfFile } from './dev-server.ts'

/** Files that commands write and read: what is left of one that was not finished, what is never replaced, what is no file of its kind. */

const { server } = await startServerOfFile()
await server.claviger(['key', 'create', '--alias', 'files'])

/** Longer than all that the system keeps between two processes. */
const PLAIN = Buffer.alloc(4_000_000, 7)

async function folderNamed(name: string): Promise<string> {
  const folder = join(server.folder, name)
  await mkdir(folder)
  return folder
}

/** Resolves once an unfinished file of some length is there, or the command is over. */
async function written(folder: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    for (const name of await readdir(folder)) {
      if ((await stat(join(folder, name))).size > 0) return
    }
    await wait(10)
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`ended by ${signal} in the middle, encrypt and decrypt leave nothing behind`, async () => {
    const folder = await folderNamed(signal)
    const { stdout: sealed } = await server.launch(['encrypt', '-k', 'files'], PLAIN)
    for (const [given, bytes] of [
      [['encrypt', '-k', 'files'], PLAIN],
      [['decrypt'], sealed],
    ] as const) {
      const child = spawn(bin, [...given, '--out', join(folder, 'out')], {
        env: server.environment,
        stdio: ['pipe', 'ignore', 'inherit'],
      })
      const ended = once(child, 'exit')
      // What it has not read when it ends goes nowhere.
      child.stdin.on('error', () => {})
      // There is more to come: stdin stays open.
      child.stdin.write(bytes.subarray(0, 3_500_000))
      await written(folder, child)
      child.kill(signal)
      assert.deepEqual(await ended, [null, signal])
      assert.deepEqual(await readdir(folder), [])
    }
  })
}

test('--out replaces no device, pipe or folder', async () => {
  const folder = await folderNamed('places')
  const place = join(folder, 'socket')
  const listening = createServer().listen(place)
  await once(listening, 'listening')
  try {
    for (const [path, why] of [
      [place, /it is no file/],
      [folder, /EISDIR/],
    ] as const) {
      const { exitCode, stderr } = await server.launch(
        ['encrypt', '-k', 'files', '--out', path],
        'x',
      )
      assert.equal(exitCode, 2, stderr)
      assert.match(stderr, why)
    }
    assert.ok((await lstat(place)).isSocket())
  } finally {
    listening.close()
  }
})

test('an empty file of keys is no reason to take those of the ledger', async () => {
  const empty = join(await folderNamed('keys'), 'vkeys')
  await writeFile(empty, '# none yet\n')
  for (const given of [
    ['ledger', 'verify', '--key-file', empty],
    ['ledger', 'export', join(server.folder, 'copy'), '--key-file', empty],
    ['ledger', 'prove', '0', '--key-file', empty],
  ]) {
    const { exitCode, stderr } = await server.claviger(given)
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, /There is no key in/)
  }
})

test('a folder cannot be read, and the command says so', async () => {
  const folder = await folderNamed('input')
  await writeFile(join(folder, 'one'), 'x')
  for (const given of [
    ['encrypt', '-k', 'files', '-i', folder],
    ['decrypt', '-i', folder],
    ['sign', '-k', 'files', '--message', `@${folder}`],
    ['ledger', 'verify', '--key-file', folder],
  ]) {
    const { exitCode, stderr } = await server.claviger(given)
    assert.equal(exitCode, 2, stderr)
    assert.ok(stderr.includes(`${folder}: it is a folder (EISDIR)`), stderr)
  }
})
