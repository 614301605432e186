import assert from 'node:assert/strict'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { startWorkbench, type Workbench } from '../client.ts'
import { program } from '../tools.ts'

/**
 * Terraform with HashiCorp's AWS provider, in the last versions that are Go modules. They are from 2019; of today's provider the calls
 * are made by `test/clients/python/terraform.py`.
 */

let bench: Workbench

before(async () => {
  bench = await startWorkbench(['terraform', 'aws'])
  const plugins = join(bench.folder, 'plugins')
  await mkdir(plugins)
  // Terraform finds the provider by this name.
  await copyFile(program('terraform-provider-aws'), join(plugins, 'terraform-provider-aws_v1.60.0'))
  const { exitCode, stderr } = await bench.server.claviger(['principal', 'create', 'reader'])
  assert.equal(exitCode, 0, stderr)
})
after(() => bench[Symbol.asyncDispose]())

/** The resources, as they are asked for the first and the second time. */
function resources(address: string, about: { key: string; id: string }): string {
  return `
provider "aws" {
  region                  = "us-east-1"
  skip_metadata_api_check = true
  skip_region_validation  = true
  skip_get_ec2_platforms  = true
  endpoints {
    kms = "${address}"
    sts = "${address}"
  }
}

data "aws_caller_identity" "me" {}

resource "aws_kms_key" "shop" {
  deletion_window_in_days = 7
  ${about.key}
  policy = <<POLICY
{"Version":"2012-10-17","Id":"${about.id}","Statement":[{"Effect":"Allow","Action":"kms:*","Resource":"*",
 "Principal":{"AWS":"arn:aws:iam::\${data.aws_caller_identity.me.account_id}:root"}}]}
POLICY
}

resource "aws_kms_alias" "shop" {
  name          = "alias/shop"
  target_key_id = "\${aws_kms_key.shop.key_id}"
}

resource "aws_kms_grant" "reader" {
  name              = "reader"
  key_id            = "\${aws_kms_key.shop.key_id}"
  grantee_principal = "arn:aws:iam::\${data.aws_caller_identity.me.account_id}:user/reader"
  operations        = ["Encrypt", "Decrypt"]
  constraints {
    encryption_context_subset {
      job = "backup"
    }
  }
}

data "aws_kms_key" "again" {
  key_id = "\${aws_kms_alias.shop.name}"
}
`
}

test('a key, its alias and a grant are made, found as they were asked for, changed and destroyed', async () => {
  const terraform = async (...given: string[]) => {
    const done = await bench.run('terraform', [...given, '-no-color'])
    assert.equal(done.exitCode, 0, done.stderr + done.stdout)
    return done.stdout
  }
  const { address } = bench.server
  const first = 'enable_key_rotation = true\n  tags { env = "prod" }\n  description = "shop"'
  await bench.write('main.tf', resources(address, { key: first, id: 'one' }))
  await terraform('init', `-plugin-dir=${join(bench.folder, 'plugins')}`, '-get-plugins=false')
  assert.match(await terraform('apply', '-auto-approve'), /3 added, 0 changed/)
  // Exit code 2 would say that something is not as it was asked for.
  assert.match(await terraform('plan', '-detailed-exitcode'), /No changes/)
  const second = 'tags { stage = "test" }\n  description = "changed"'
  await bench.write('main.tf', resources(address, { key: second, id: 'two' }))
  assert.match(await terraform('apply', '-auto-approve'), /0 added, 1 changed/)
  assert.match(await terraform('plan', '-detailed-exitcode'), /No changes/)
  assert.match(await terraform('destroy', '-auto-approve'), /3 destroyed/)
  const states = ['kms', 'describe-key', '--query', 'KeyMetadata.KeyState', '--output', 'text']
  const id = await bench.ok('aws', [
    'kms',
    'list-keys',
    '--query',
    'Keys[0].KeyId',
    '--output',
    'text',
  ])
  assert.equal(await bench.ok('aws', [...states, '--key-id', id]), 'PendingDeletion')
})
