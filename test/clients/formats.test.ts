import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { read, root } from '../repository.ts'
import { startWorkbench, type Workbench } from './client.ts'

/**
 * The formats, written a second time in Python from the pages of the manual alone, over another library. Where it and this house differ, a
 * page is wrong or one of the two. The scripts fail by themselves.
 */

let bench: Workbench

before(async () => {
  bench = await startWorkbench(['python'])
})
after(() => bench[Symbol.asyncDispose]())

/** No compiled files beside the scripts. */
async function python(script: string): Promise<void> {
  await bench.ok('python', ['-B', join(root, 'test/clients/python', script), root])
}

test('what it rests on is the version that is pinned', async () => {
  const version = await bench.ok('python', ['-c', 'import cryptography as c; print(c.__version__)'])
  assert.ok(read('test/clients/requirements.txt').includes(`cryptography==${version}\n`), version)
})

test('envelopes and files', () => python('formats.py'))
test('the ledger', () => python('ledger.py'))
test('key material, signatures, codes and secrets', () => python('material.py'))
