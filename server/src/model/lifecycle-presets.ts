import type { LifecycleRules } from '@claviger/contract'
import { keyTypes, type LifecyclePreset } from '@claviger/contract/lifecycle-names'
import { cryptoperiods, type Cryptoperiod } from './cryptoperiods.ts'

/**
 * Rules to start from (docs/lifecycle.md says where each is from). They are no claim that who uses them complies with anything.
 */

const recommended: LifecycleRules['cryptoperiods'] = Object.fromEntries(
  keyTypes.map((type) => {
    const { source: _source, ...period } = cryptoperiods[type]
    return [type, period satisfies Cryptoperiod]
  }),
)

/** SP 800-57 part 1 revision 5: section 5.6.3 table 4 has 128 bits for whatever is to last beyond 2030. */
const baseline: LifecycleRules = {
  strengthMin: 128,
  cryptoperiods: recommended,
  rotation: { everyDays: 365 },
  destructionDaysMin: 7,
  owner: 'enabled',
}

const presets: Readonly<Record<LifecyclePreset, LifecycleRules>> = Object.freeze({
  baseline,
  /** PCI DSS 4.0.1: 3.6.1.4 and 3.7.2 (few places, secure distribution), 3.7.4 (cryptoperiods), 6.5.3 (environments kept apart). */
  pci: { ...baseline, destructionDaysMin: 30, export: 'forbidden', labels: ['environment'] },
  /** 45 CFR 164.312(a)(2)(iv) and 164.308(a)(7): encryption, and data that stays readable when something was deleted by mistake. */
  hipaa: { ...baseline, destructionDaysMin: 30 },
  /** CNSA 2.0 (CNSSP 15): AES-256, ML-KEM-1024, ML-DSA-87, SHA-384 and SHA-512. */
  cnsa2: {
    ...baseline,
    algorithms: ['AES-256-GCM', 'HMAC-SHA-384', 'HMAC-SHA-512', 'ML-DSA-87', 'ML-KEM-1024'],
    strengthMin: 256,
    quantumMin: 5,
  },
})

/** What a preset asks. */
export function rulesOfPreset(preset: LifecyclePreset): LifecycleRules {
  return presets[preset]
}
