import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startWorkbench } from './client.ts'
import { runPage } from './manual.ts'

/** The lines of the manual's pages on other people's programs do what they say. */

const pages: readonly (readonly [page: string, programs: readonly string[], printed: RegExp])[] = [
  ['docs/aws.md', ['aws'], /"SessionToken": "/],
  ['docs/aws/aws-cli.md', ['aws'], /^a line$[\s\S]*^Verified OK$/m],
  ['docs/aws/sops.md', ['aws', 'sops'], /hunter2[\s\S]*hunter4[\s\S]*token: abc[\s\S]*^a: b$/m],
  ['docs/aws/sdks.md', ['python'], /not without its context\s+32 bytes to encrypt with/],
  ['docs/aws/encryption-sdk.md', ['aws'], /^a message$/m],
  ['docs/key-material.md', [], /^-----END PUBLIC KEY-----$[\s\S]*^Verified OK$/m],
]

for (const [page, programs, printed] of pages) {
  test(page, async () => {
    await using bench = await startWorkbench(programs)
    assert.match(await runPage(bench, page), printed)
  })
}
