import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { closeCrypto } from '#crypto'
import { type AcvpFile, driveAcvp } from './vectors/acvp.ts'
import { inlineFiles } from './vectors/inline.ts'
import { Tally } from './vectors/tally.ts'
import type { WycheproofFile } from './vectors/wycheproof-file.ts'
import { driveWycheproof } from './vectors/wycheproof.ts'

/**
 * Truth from outside: every file of the folder that CLAVIGER_VECTORS names, in its folders `wycheproof` and `acvp`. Where the variable is
 * unset, the small vectors of the RFCs run through the same drivers.
 */

const folder = process.env['CLAVIGER_VECTORS']

/** Mismatches that are known and meant, by file and case. */
const explained: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'rsa_pss_2048_sha256_mgf1_0_test.json.gz': {
    'case 69: invalid, but wrong':
      'its salt is as long as the digest, which is the length taken here',
  },
}

after(() => closeCrypto())

function load(path: string): unknown {
  const content = readFileSync(path)
  return JSON.parse((path.endsWith('.gz') ? gunzipSync(content) : content).toString('utf8'))
}

function conclude(tally: Tally): void {
  console.log(tally.line())
  const reasons = explained[tally.file] ?? {}
  const unexplained = tally.mismatches.filter((mismatch) => reasons[mismatch] === undefined)
  assert.deepEqual(unexplained, [], `${tally.file} has mismatches that nobody explained`)
  const counted = tally.run + [...tally.notDrivable.values()].reduce((sum, count) => sum + count, 0)
  assert.ok(counted > 0, `${tally.file} has no cases`)
}

if (folder === undefined || folder === '') {
  console.log(
    'CLAVIGER_VECTORS is not set: not run are C2SP/wycheproof (testvectors_v1) and usnistgov/ACVP-Server (gen-val/json-files); ' +
      'clone them, gzip or not, into its folders wycheproof/ and acvp/',
  )
  for (const [name, file] of inlineFiles) {
    test(`vectors of ${name}`, async () => {
      const tally = new Tally(name)
      await driveWycheproof(file, tally)
      conclude(tally)
      assert.equal(tally.notDrivable.size, 0)
    })
  }
} else {
  for (const name of readdirSync(join(folder, 'wycheproof')).filter((each) =>
    /\.json(\.gz)?$/.test(each),
  )) {
    test(`wycheproof ${name}`, async () => {
      const tally = new Tally(name)
      await driveWycheproof(load(join(folder, 'wycheproof', name)) as WycheproofFile, tally)
      conclude(tally)
    })
  }
  const directories = readdirSync(join(folder, 'acvp')).filter((each) =>
    statSync(join(folder, 'acvp', each)).isDirectory(),
  )
  for (const name of directories) {
    test(`acvp ${name}`, async () => {
      const path = join(folder, 'acvp', name)
      const files = readdirSync(path)
      const one = (prefix: string) => {
        const found =
          files.find((each) => each.startsWith(prefix)) ??
          files.find((each) => each.startsWith('internalProjection'))
        assert.ok(found !== undefined, `${name} has no ${prefix}`)
        return load(join(path, found)) as AcvpFile
      }
      const tally = new Tally(name)
      await driveAcvp(one('prompt'), one('expectedResults'), tally)
      conclude(tally)
    })
  }
}
