import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { read } from '../../repository.ts'
import { startWorkbench, type Workbench } from '../client.ts'

/**
 * AWS's SDKs for Go, Java and Rust. Each has a program in a folder of this one, which goes through the life of keys and ends where an
 * answer is not as it should be: what it talks to is told by the server's env file alone.
 */

const languages = [
  { name: 'aws-sdk-go', pinnedIn: 'go/go.mod' },
  { name: 'aws-sdk-java', pinnedIn: 'java/pom.xml' },
  { name: 'aws-sdk-rust', pinnedIn: 'rust/Cargo.toml' },
] as const

/** What every program says as it goes along; one that ended early would say less. */
const steps = [
  'create and describe',
  'alias',
  'encrypt and decrypt',
  'data keys',
  'data key pairs',
  're-encrypt',
  'RSA-PSS',
  'ECDSA',
  'MAC',
  'tags',
  'grants',
  'list with a paginator',
  'key policy',
  'rotate',
  'disable and enable',
  'schedule deletion',
]

let bench: Workbench

before(async () => {
  bench = await startWorkbench(languages.map(({ name }) => name))
})
after(() => bench[Symbol.asyncDispose]())

for (const { name, pinnedIn } of languages) {
  test(`${name}: the life of keys, from making to their scheduled deletion`, async () => {
    const said = (await bench.ok(name, [])).split('\n')
    // The last line is the SDK's own word of its version.
    const version = said.pop()?.split(' ').at(-1) ?? ''
    assert.deepEqual(said, steps)
    assert.ok(read(`test/clients/more/${pinnedIn}`).includes(version), version)
  })

  test(`${name}: a wrong secret gets nowhere, and the program says why`, async () => {
    const environment = { AWS_SECRET_ACCESS_KEY: 'no' }
    const { exitCode, stdout, stderr } = await bench.run(name, [], { environment })
    assert.notEqual(exitCode, 0)
    assert.equal(stdout, `${steps[0]}\n`)
    assert.match(stderr, /InvalidSignatureException|request signature we calculated does not match/)
  })
}
