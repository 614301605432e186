import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { leafHash, rootOfLeaves } from '@claviger/contract/ledger'
import { logPrimitives } from '#keyring'
import { tileFiles, uses } from '../../../contract/test/ledger/log.ts'
import { flipped, sha256 } from '../../../contract/test/ledger/support.ts'
import {
  directorySource,
  exportLedger,
  verifyLedger,
  type LedgerSource,
} from '../../../sdk/src/ledger/index.ts'
import { consistencyProof, inclusionProof, type TileReader } from '../../src/ledger/proofs.ts'
import { createLogKeys, signCheckpoint, vkeys } from '../../src/ledger/signer.ts'

/**
 * The code of Go's checksum database over a ledger that was signed, proved and exported here: two implementations that share nothing
 * but the specifications. Where Go is not installed, our own verifier says the same of the same files.
 */

const run = promisify(execFile)
const SIZE = 3_333
const origin = 'kms.example/ledger'
const place = await mkdtemp(join(tmpdir(), 'claviger-go-'))
after(() => rm(place, { recursive: true, force: true }))
const directory = join(place, 'log')

const entries = uses(SIZE)
const leaves = entries.map((entry) => leafHash(sha256, entry))
const files = tileFiles(entries)
const keys = await createLogKeys(logPrimitives)
const [classical = assert.fail(), quantum = assert.fail()] = vkeys(sha256, keys, origin)
const root = rootOfLeaves(sha256, leaves)
const head = { origin, size: SIZE, root, time: 1_800_000_000 }
const note = await signCheckpoint(logPrimitives, keys, head)

async function prepare(): Promise<void> {
  const source: LedgerSource = {
    name: 'memory',
    checkpoint: async () => new TextEncoder().encode(note),
    tile: async (path) => files.get(path),
    vkeys: async () => [classical, quantum],
  }
  await exportLedger(source, directory)
  await writeFile(join(place, 'vkey'), classical)
  await writeFile(join(place, 'proofs'), JSON.stringify(await proofs()))
}

/** Proofs as the server makes them, from the tiles. */
async function proofs() {
  const read: TileReader = async (level, index, width) => {
    const name = `tile/${level}/${String(index).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
    return files.get(name)
  }
  const base64 = (hashes: readonly Uint8Array[]) => hashes.map((hash) => hash.toBase64())
  const inclusion = [0, 1, 255, 256, 2_047, 2_048, 3_071, 3_072, SIZE - 1].map(async (index) => ({
    index,
    hashes: base64(await inclusionProof(sha256, read, index, SIZE)),
  }))
  const consistency = [1, 2, 255, 256, 257, 2_048, 3_000, SIZE - 1].map(async (first) => ({
    first,
    root: rootOfLeaves(sha256, leaves.slice(0, first)).toBase64(),
    hashes: base64(await consistencyProof(sha256, read, first, SIZE)),
  }))
  return { inclusion: await Promise.all(inclusion), consistency: await Promise.all(consistency) }
}

/** The path of the verifier, built; undefined where Go is not installed. */
async function buildChecker(): Promise<string | undefined> {
  const env = {
    ...process.env,
    GOPATH: join(place, 'go'),
    GOTOOLCHAIN: 'local',
    GOFLAGS: '-modcacherw -buildvcs=false',
    CGO_ENABLED: '0',
  }
  try {
    await run('go', ['version'], { env })
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const program = join(place, 'ledgercheck')
  await run('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'go'), env })
  return program
}

test('the verifier of Go’s checksum database accepts the ledger, and not a changed one', async (t) => {
  await prepare()
  const own = () => verifyLedger(directorySource(directory), { vkeys: [classical, quantum] })
  assert.deepEqual((await own()).findings, [])
  const program = await buildChecker()
  if (program === undefined) {
    t.diagnostic('Go is not installed: the ledger was checked by our own verifier only')
  }
  /** What the checker says, and that both verifiers agree on whether it is good. */
  const verdict = async () => {
    if (program === undefined) return (await own()).summary
    const given = [directory, join(place, 'vkey'), join(place, 'proofs')]
    const { stdout } = await run(program, given).catch((error: { stdout: string }) => error)
    return stdout.trim()
  }
  const good =
    program === undefined
      ? /^verified 3333 entries.*: the tree is whole/
      : /^ok 3333 entries 17 proofs$/
  assert.match(await verdict(), good)
  for (const name of ['tile/entries/007', 'tile/0/012', 'tile/1/000.p/13', 'checkpoint']) {
    const path = join(directory, name)
    const original = await readFile(path)
    await writeFile(path, flipped(original, 8 * 40))
    assert.doesNotMatch(await verdict(), good, name)
    assert.equal((await own()).ok, false, name)
    await writeFile(path, original)
  }
  assert.match(await verdict(), good)
})
