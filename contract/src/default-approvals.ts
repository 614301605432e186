/**
 * What others had better approve in every tenant: what cannot be undone, what carries keys away, and what takes these rules away again.
 * `approvalPolicy.createDefaults` makes a policy of each.
 */
export interface DefaultApproval {
  /** What the policy is called. */
  readonly name: string
  readonly actions: readonly string[]
  /** Only the default tenant does it, which runs the server. */
  readonly operators?: true
}

export const defaultApprovals: readonly DefaultApproval[] = Object.freeze([
  { name: 'destroying keys', actions: ['key.destroy', 'key.deleteMaterial'] },
  { name: 'exporting keys', actions: ['key.export'] },
  {
    name: 'loosening rules',
    actions: [
      'approvalPolicy.delete',
      'approvalPolicy.update',
      'lifecyclePolicy.loosen',
      'policy.put',
      'separation.delete',
      'stepUpRule.delete',
    ],
  },
  {
    name: 'settings, and who is told',
    actions: ['settings.update', 'subscription.delete', 'subscription.update'],
  },
  {
    name: 'the root key and its seal',
    actions: ['system.reissueSeal', 'system.rotateRoot', 'system.seal'],
    operators: true,
  },
  // Not breaking the glass: that is for when nobody who approves can be reached.
  { name: 'putting rights behind glass', actions: ['breakGlass.create'] },
])
