import assert from 'node:assert/strict'
import { AwsException } from '#aws'

/** What a call throws, which is AWS's exception or a fault of ours. */
export function refusal(call: () => unknown): AwsException {
  try {
    call()
  } catch (thrown) {
    assert.ok(thrown instanceof AwsException, String(thrown))
    return thrown
  }
  assert.fail('nothing was thrown')
}
