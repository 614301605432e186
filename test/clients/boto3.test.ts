import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { read, root } from '../repository.ts'
import { startWorkbench, type Workbench } from './client.ts'
import { loseFirstAnswers } from './lossy.ts'

/** AWS's Python SDK, and what others do through it; the scripts fail by themselves. */

let bench: Workbench

before(async () => {
  bench = await startWorkbench(['python'])
})
after(() => bench[Symbol.asyncDispose]())

/** No compiled files beside the scripts. */
async function python(script: string, environment: Record<string, string> = {}): Promise<void> {
  await bench.ok('python', ['-B', join(root, 'test/clients/python', script)], { environment })
}

test('what is driven is the version that is pinned', async () => {
  const version = await bench.ok('python', ['-c', 'import boto3; print(boto3.__version__)'])
  assert.ok(read('test/clients/requirements.txt').includes(`boto3==${version}\n`), version)
})

test('programs use keys, names, contexts, signatures, regions and errors', () => python('life.py'))
test('the calls of the Terraform provider, in its order', () => python('terraform.py'))
test('the calls of the Kubernetes encryption provider, and its errors', () =>
  python('kubernetes.py'))

test('a call is tried again whose answer was lost', async () => {
  await using network = await loseFirstAnswers(bench.server.address)
  await python('lost.py', { AWS_ENDPOINT_URL_KMS: network.address })
  assert.equal(network.lost, 4)
})
