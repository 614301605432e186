import { z } from 'zod'
import * as codec from '../codecs.ts'
import { operation } from '../operation.ts'
import { empty } from './shared.ts'

/** The server itself: its seal and its condition. */

/** One custodian's share, or the passphrase. Never logged, never echoed. */
const secret = z.string().min(1).max(1_024)

const sealRequest = z.union([
  z.strictObject({
    kind: z.literal('shares'),
    shares: z.int().min(2).max(255).describe('How many custodians get one (n)'),
    threshold: z.int().min(2).max(255).describe('How many are needed to unseal (k)'),
  }),
  z.strictObject({ kind: z.literal('passphrase'), passphrase: secret.min(12) }),
])

const status = z.strictObject({
  state: z.enum(['uninitialized', 'sealed', 'unsealed', 'error']),
  version: z.string(),
  seal: z
    .strictObject({
      kind: z.enum(['shares', 'passphrase']),
      threshold: z.int().optional(),
      shares: z.int().optional(),
    })
    .optional(),
  progress: z.int().optional().describe('Shares given so far in this unsealing'),
  selfTest: z.strictObject({ passed: z.boolean(), tests: z.int(), ranAt: codec.timestamp() }),
  node: z.string(),
  openssl: z.string(),
  validatedModule: z.literal('none').describe('No FIPS 140-3 validation is claimed'),
})

export const health = operation({
  name: 'system.health',
  effect: 'ceremony',
  action: 'none',
  route: 'GET /v1/health',
  summary: 'Say that the process answers',
  input: empty,
  output: z.strictObject({ status: z.literal('ok') }),
  errors: [],
})

export const ready = operation({
  name: 'system.ready',
  effect: 'ceremony',
  action: 'none',
  route: 'GET /v1/ready',
  summary:
    'Say whether the server serves: 200 when unsealed and able to write its ledger, an error otherwise',
  input: empty,
  output: z.strictObject({ status: z.literal('ready') }),
  errors: [
    'not_initialized',
    'sealed',
    'ledger_unavailable',
    'crypto_unavailable',
    'shutting_down',
  ],
})

export const systemStatus = operation({
  name: 'system.status',
  effect: 'ceremony',
  action: 'none',
  route: 'GET /v1/status',
  summary: 'Show the condition of the server',
  input: empty,
  output: status,
  errors: [],
})

export const init = operation({
  name: 'system.init',
  effect: 'ceremony',
  action: 'none',
  route: 'POST /v1/system/init',
  summary:
    'Make the root key and its seal, the default tenant, and its owner; the server is unsealed afterwards',
  input: z.strictObject({
    seal: sealRequest.describe('How the root key is kept'),
    owner: codec.name.default('owner').describe('What the first principal is called'),
    account: codec.account
      .optional()
      .describe('What AWS clients know the default tenant by; made of its id unless given'),
  }),
  output: z.strictObject({
    shares: z.array(z.string()).optional().describe("The custodians' shares, shown this once"),
    token: z.string().describe("The owner's first token, shown this once"),
    tenant: codec.uuid,
    principal: codec.uuid,
  }),
  errors: ['already_initialized', 'crypto_unavailable'],
})

export const unseal = operation({
  name: 'system.unseal',
  effect: 'ceremony',
  action: 'none',
  route: 'POST /v1/system/unseal',
  summary: "Give one custodian's share, or the passphrase",
  input: z.strictObject({
    share: secret.optional().describe("One custodian's share"),
    passphrase: secret.optional().describe('The passphrase'),
    reset: z.boolean().optional().describe('Forget the shares given so far'),
  }),
  output: status,
  errors: ['not_initialized', 'invalid_share', 'too_many_requests'],
})

export const sealServer = operation({
  name: 'system.seal',
  effect: 'change',
  action: 'system.seal',
  route: 'POST /v1/system/seal',
  summary: 'Drop every key from memory until the next unsealing',
  input: empty,
  output: status,
  errors: [],
})

export const rotateRoot = operation({
  name: 'system.rotateRoot',
  effect: 'change',
  action: 'system.rotateRoot',
  route: 'POST /v1/system/rotate-root',
  summary: 'Replace the root key and wrap the tenant keys again, without downtime',
  input: z.strictObject({
    proof: z.array(secret).min(1).max(255).describe('Enough shares of the seal, or its passphrase'),
  }),
  secrets: ['proof'],
  output: z.strictObject({ generation: z.int(), tenants: z.int() }),
  errors: ['invalid_share'],
})

export const reissueSeal = operation({
  name: 'system.reissueSeal',
  effect: 'change',
  action: 'system.reissueSeal',
  route: 'POST /v1/system/reissue-seal',
  summary: 'Issue new shares, or set a new passphrase; the old ones open nothing any more',
  input: z.strictObject({
    proof: z.array(secret).min(1).max(255).describe('Enough shares of the seal, or its passphrase'),
    seal: sealRequest.describe('How the root key is kept from now on'),
  }),
  secrets: ['proof', 'seal.passphrase'],
  output: z.strictObject({ shares: z.array(z.string()).optional() }),
  errors: ['invalid_share'],
})

export const doctor = operation({
  name: 'system.doctor',
  effect: 'read',
  action: 'system.doctor',
  route: 'POST /v1/system/doctor',
  summary: 'Check every stored row against its seal and against the ledger',
  input: empty,
  output: z.strictObject({
    rows: z.int(),
    entries: z.int(),
    findings: z.array(z.strictObject({ subject: z.string(), finding: z.string() })),
    advice: z
      .array(z.strictObject({ subject: z.string(), advice: z.string() }))
      .describe('Nothing is wrong there, and something is missing'),
  }),
  errors: [],
})
