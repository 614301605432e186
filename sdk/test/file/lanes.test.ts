import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { ClavigerCiphertextError, decryptFile, encryptFile } from '@claviger/sdk'
import { assert as check, asyncProperty, integer, oneof } from 'fast-check'
import { runLane, type LaneJob } from '../../src/file/lane.ts'
import { inLanes } from '../../src/file/lanes.ts'
import { derivePayload } from '../../src/file/payload.ts'
import { OtherLaneFailed, Turns, yielding } from '../../src/file/turns.ts'
import { between, CHUNK, HEADER, KeyKeeper, TAG, whole } from './harness.ts'

/** Files that several lanes encrypt and decrypt: the same bytes as one makes, and the same refusals. */

const folder = mkdtempSync(join(tmpdir(), 'claviger-lanes-'))
after(() => rmSync(folder, { recursive: true }))
const path = (name: string) => join(folder, name)
const keeper = new KeyKeeper()
const payload = derivePayload(randomBytes(32), randomBytes(32), randomBytes(32))

/** Runs the job from one file to another, in as many lanes of this thread. */
async function lanes(
  count: number,
  job: Omit<LaneJob, 'source' | 'sink'>,
  from: string,
): Promise<Buffer> {
  const to = path('to')
  await between(from, to, async (source, sink) => {
    const turns = new Turns(yielding)
    const all = Array.from({ length: count }, () =>
      runLane({ ...job, source, sink }, new Turns(yielding, turns.memory), () => {}),
    )
    const failed = (await Promise.allSettled(all)).filter(({ status }) => status === 'rejected')
    for (const result of failed) {
      if (result.status === 'rejected' && !(result.reason instanceof OtherLaneFailed))
        throw result.reason
    }
    assert.equal(failed.length, 0)
  })
  return readFileSync(to)
}

const sizes = oneof(
  integer({ min: 0, max: 9 * CHUNK }),
  integer({ min: 0, max: 9 }).map((chunks) => chunks * CHUNK),
  integer({ min: 1, max: 9 }).map((chunks) => chunks * CHUNK - 1),
)
const seal = { kind: 'seal', payload, chunkBytes: CHUNK, inPlace: false } as const
const open = { ...seal, kind: 'open' } as const

test('any number of lanes makes what one makes, in place too, and opens it', async () => {
  await check(
    asyncProperty(sizes, integer({ min: 2, max: 5 }), async (size, count) => {
      const plaintext = randomBytes(size)
      writeFileSync(path('plain'), plaintext)
      const alone = await lanes(1, seal, path('plain'))
      assert.equal(alone.length, size + Math.max(1, Math.ceil(size / CHUNK)) * TAG)
      assert.deepEqual(await lanes(count, seal, path('plain')), alone)
      assert.deepEqual(await lanes(count, { ...seal, inPlace: true }, path('plain')), alone)
      writeFileSync(path('sealed'), alone)
      assert.deepEqual(await lanes(count, open, path('sealed')), plaintext)
      assert.deepEqual(await lanes(count, { ...open, inPlace: true }, path('sealed')), plaintext)
    }),
    { numRuns: 80 },
  )
})

test('any change is refused, and nothing that comes after it was written', async () => {
  const plaintext = randomBytes(6 * CHUNK + 100)
  writeFileSync(path('plain'), plaintext)
  const sealed = await lanes(3, seal, path('plain'))
  await check(
    asyncProperty(integer({ min: 0, max: sealed.length * 8 - 1 }), async (bit) => {
      const changed = Buffer.from(sealed)
      const at = Math.floor(bit / 8)
      changed[at] = (changed[at] ?? 0) ^ (1 << (bit % 8))
      writeFileSync(path('changed'), changed)
      for (const job of [open, { ...open, inPlace: true }]) {
        await assert.rejects(lanes(3, job, path('changed')), ClavigerCiphertextError)
        assertReleased(path('to'), plaintext, Math.floor(at / (CHUNK + TAG)) * CHUNK)
      }
    }),
    { numRuns: 60 },
  )
})

/** What was written is genuine, in its place, and from before the change; a lane that is behind may have left some of it out. */
function assertReleased(name: string, plaintext: Uint8Array, most: number): void {
  const released = readFileSync(name)
  assert.ok(released.length <= most, `${released.length} bytes of at most ${most}`)
  assert.ok(released.equals(plaintext.subarray(0, released.length)))
}

const LARGE = 64 * 2 ** 20 + 12_345

/** A large file whose blocks all differ, for the most part not on the disk. */
function writeLarge(name: string): string {
  const file = openSync(path(name), 'w')
  ftruncateSync(file, LARGE)
  for (let at = 0; at < LARGE; at += 2 ** 20) writeSync(file, randomBytes(64), 0, 64, at)
  closeSync(file)
  return path(name)
}

for (const inPlace of [false, true]) {
  const how = inPlace ? 'in place' : "by Node's ciphers"
  test(`a large file goes through threads ${how}, there and back, with all of it told`, () =>
    thereAndBack(inPlace))
  test(`of a large file that was changed, cut or made longer, threads refuse all from there on, ${how}`, () =>
    refuseChanges(inPlace))
}

async function thereAndBack(inPlace: boolean): Promise<void> {
  const plain = writeLarge('large')
  let told = 0
  const onProgress = (bytes: number) => {
    assert.ok(bytes > told)
    told = bytes
  }
  await between(plain, path('large.enc'), (source, sink) =>
    encryptFile({ source, sink, dataKey: keeper.datakey(), inPlace, onProgress }),
  )
  assert.equal(told, LARGE)
  assert.equal(readFileSync(path('large.enc')).length, HEADER + LARGE + 65 * TAG)
  told = 0
  await between(path('large.enc'), path('large.again'), (source, sink) =>
    decryptFile({ source, sink, unwrap: keeper.unwrap, inPlace, onProgress }),
  )
  assert.equal(told, LARGE)
  assert.ok(readFileSync(path('large.again')).equals(readFileSync(plain)))
  // A reader of streams finds the same in it.
  const pieces: Uint8Array[] = []
  await decryptFile({
    source: whole(readFileSync(path('large.enc'))),
    sink: (bytes) => void pieces.push(bytes),
    unwrap: keeper.unwrap,
  })
  assert.ok(Buffer.concat(pieces).equals(readFileSync(plain)))
}

async function refuseChanges(inPlace: boolean): Promise<void> {
  const plain = readFileSync(path('large'))
  const sealed = 2 ** 20 + TAG
  const changes: [string, number, (file: string) => void][] = [
    ['a bit in chunk 40', 40, (file) => overwrite(file, HEADER + 40 * sealed + 5)],
    ['the last tag', 64, (file) => overwrite(file, HEADER + LARGE + 65 * TAG - 1)],
    ['cut after chunk 63', 63, (file) => truncateSync(file, HEADER + 64 * sealed)],
    ['a byte more', 64, (file) => writeFileSync(file, 'x', { flag: 'a' })],
  ]
  for (const [what, chunk, change] of changes) {
    copyFileSync(path('large.enc'), path('changed'))
    change(path('changed'))
    const decrypting = between(path('changed'), path('released'), (source, sink) =>
      decryptFile({ source, sink, unwrap: keeper.unwrap, inPlace }),
    )
    await assert.rejects(decrypting, ClavigerCiphertextError, what)
    assertReleased(path('released'), plain, chunk * 2 ** 20)
  }
}

function overwrite(name: string, at: number): void {
  const bytes = readFileSync(name)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(name, bytes)
}

test('a full disk and an unreadable source end all lanes, with the reason', async () => {
  await assert.rejects(
    between(path('large'), '/dev/full', (source, sink) =>
      encryptFile({ source, sink, dataKey: keeper.datakey() }),
    ),
    { code: 'ENOSPC' },
  )
  // The header is written; then the threads find that nothing can be read.
  const source = openSync(path('large'), 'a')
  const sink = openSync(path('to'), 'w')
  await assert.rejects(inLanes({ ...seal, chunkBytes: 2 ** 20, source, sink }, undefined), {
    code: 'EBADF',
  })
  closeSync(source)
  closeSync(sink)
  assert.equal(readFileSync(path('to')).length, 0)
})
