import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkbench, type Workbench } from '../client.ts'

/** OpenTofu, whose state is encrypted under a key of the server by its built-in key provider. */

let bench: Workbench
let key: string

before(async () => {
  bench = await startWorkbench(['tofu', 'aws'])
  const id = ['--query', 'KeyMetadata.KeyId', '--output', 'text']
  key = await bench.ok('aws', ['kms', 'create-key', ...id])
  const named = ['--alias-name', 'alias/tofu', '--target-key-id', key]
  await bench.ok('aws', ['kms', 'create-alias', ...named])
  await bench.write(
    'main.tf',
    `terraform {
  encryption {
    key_provider "aws_kms" "main" {
      kms_key_id = "alias/tofu"
      region     = "us-east-1"
      key_spec   = "AES_256"
    }
    method "aes_gcm" "main" {
      keys = key_provider.aws_kms.main
    }
    state {
      method   = method.aes_gcm.main
      enforced = true
    }
  }
}

resource "terraform_data" "secret" {
  input = "hunter2"
}
`,
  )
})
after(() => bench[Symbol.asyncDispose]())

test('the state is encrypted, read, and lost with its key', async () => {
  const tofu = (...given: string[]) =>
    bench.run('tofu', [...given, '-no-color'], { environment: { CHECKPOINT_DISABLE: '1' } })
  for (const given of [['init'], ['apply', '-auto-approve']]) {
    const { exitCode, stderr } = await tofu(...given)
    assert.equal(exitCode, 0, stderr)
  }
  const state = await readFile(join(bench.folder, 'terraform.tfstate'), 'utf8')
  assert.match(state, /key_provider\.aws_kms\.main/)
  assert.doesNotMatch(state, /hunter2/)
  const shown = await tofu('show')
  assert.match(shown.stdout, /hunter2/)
  await bench.ok('aws', ['kms', 'disable-key', '--key-id', key])
  const refused = await tofu('show')
  assert.notEqual(refused.exitCode, 0)
  assert.match(refused.stderr, /DisabledException/)
  await bench.ok('aws', ['kms', 'enable-key', '--key-id', key])
  assert.match((await tofu('show')).stdout, /hunter2/)
})
