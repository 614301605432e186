import { z } from 'zod'
import * as codec from './codecs.ts'
import type { KeyType, LifecycleRule } from './lifecycle-names.ts'
import { rotationCalendar, rotationTriggerFields as triggers } from './rotation.ts'

/** What a lifecycle policy can ask of keys. Each rule that is absent asks for nothing. */

/** A hundred years, in days. */
const PERIOD_DAYS_MAX = 36_500

const count = z.int().min(1)
const days = z.int().min(1).max(PERIOD_DAYS_MAX)

const period = z.strictObject({
  protect: days.optional().describe('Days from activation until it only decrypts and verifies'),
  process: days.optional().describe('Days from activation until it does nothing'),
})

export const lifecycleRules = z.strictObject({
  algorithms: z
    .array(z.string().min(1).max(64))
    .min(1)
    .max(64)
    .optional()
    .describe('The only algorithms of keys'),
  strengthMin: z
    .int()
    .min(112)
    .max(256)
    .optional()
    .describe('The least strength in bits (SP 800-57 part 1 section 5.6.1)'),
  quantumMin: z
    .int()
    .min(1)
    .max(5)
    .optional()
    .describe('The least security category of NIST against quantum computers'),
  cryptoperiods: z
    .strictObject({
      privateSignature: period.optional(),
      symmetricAuthentication: period.optional(),
      symmetricEncryption: period.optional(),
      privateTransport: period.optional(),
      privateAgreement: period.optional(),
      privateDecapsulation: period.optional(),
    } satisfies Record<KeyType, z.ZodType>)
    .optional()
    .describe('The longest periods of versions, by type of key; versions without dates get these'),
  rotation: z
    .strictObject({
      everyDays: triggers.everyDays,
      uses: triggers.uses,
      bytes: triggers.bytes,
      wraps: triggers.wraps,
      beforeExpiryDays: triggers.beforeExpiryDays,
      calendars: z
        .array(rotationCalendar)
        .min(1)
        .max(16)
        .optional()
        .describe('At the times of one of these calendars'),
      on: triggers.on,
      alarm: triggers.alarm,
    })
    .optional()
    .describe('When keys are rotated by themselves at the latest, or imported ones are overdue'),
  limits: z
    .strictObject({ uses: count.optional(), bytes: count.optional(), wraps: count.optional() })
    .optional()
    .describe('What a version protects at the most: keys have these limits, or lower ones'),
  export: z.literal('forbidden').optional().describe('No key is made exportable, and none leaves'),
  destructionDaysMin: z
    .int()
    .min(1)
    .max(365)
    .optional()
    .describe('The shortest window in which a destruction can be called off, in days'),
  owner: z
    .enum(['enabled', 'person'])
    .optional()
    .describe('Keys have an owner who is not disabled, or who is also a person'),
  labels: z
    .array(codec.labelName)
    .min(1)
    .max(codec.LABELS_MAX)
    .optional()
    .describe('Labels that keys have, with some value'),
} satisfies Record<LifecycleRule, z.ZodType>)

export type LifecycleRules = z.output<typeof lifecycleRules>
