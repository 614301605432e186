import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorkbench } from '../client.ts'
import { runPage } from '../manual.ts'

/** The lines of the manual's pages on clients that take long to build. */

test('docs/aws/cosign.md', async () => {
  await using bench = await startWorkbench(['aws', 'cosign'])
  await runPage(bench, 'docs/aws/cosign.md')
})

test('docs/aws/terraform.md', async () => {
  await using bench = await startWorkbench(['aws', 'tofu'])
  assert.match(await runPage(bench, 'docs/aws/terraform.md'), /hunter2/)
})
