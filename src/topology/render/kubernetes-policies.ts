/** The firewall table as network policies: what is not listed is shut, inside a zone too. */
import type { FirewallRule, LabPlan, NodePlan } from '../plan-types.ts'
import { type Group, portsOf } from './cluster.ts'
import { meta, selectorOf } from './kubernetes-parts.ts'

/**
 * One that shuts everything, and one for each node with what it takes. Those that never dial the internet are held to
 * the table when they dial, too.
 */
export function networkPolicies(plan: LabPlan): readonly Group[] {
  return [
    policy(plan, 'nothing-else', {
      podSelector: { matchLabels: { 'siplab/lab': plan.topology } },
      policyTypes: ['Ingress'],
    }),
    ...plan.nodes.map((node) =>
      policy(plan, node.name, {
        podSelector: { matchLabels: selectorOf(plan, node.name) },
        policyTypes: ['Ingress', ...(dialsOut(node) ? [] : ['Egress'])],
        ingress: [...ingress(plan, node), ...(node.role === 'sql' ? [fromDirectoryJob(plan, node)] : [])],
        ...(dialsOut(node) ? {} : { egress: [names, ...egress(plan, node)] }),
      }),
    ),
  ]
}

function policy(plan: LabPlan, name: string, spec: Group): Group {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: meta(plan, name), spec }
}

/** Partners and trunks are anywhere. */
function dialsOut({ role }: NodePlan): boolean {
  return role === 'access-proxy' || role === 'gateway'
}

function ingress(plan: LabPlan, node: NodePlan): readonly Group[] {
  return plan.firewall
    .filter(({ to }) => to.name === node.name)
    .map((rule) => ({ ...peers(plan, 'from', rule.from.name), ports: [port(rule, node)] }))
}

function egress(plan: LabPlan, node: NodePlan): readonly Group[] {
  return plan.firewall.flatMap((rule) => {
    const target = plan.nodes.find(({ name }) => name === rule.to.name)
    if (rule.from.name !== node.name || target === undefined) return []
    return [{ ...peers(plan, 'to', target.name), ports: [port(rule, target)] }]
  })
}

/** Users and partners come from addresses that are not known beforehand: no peer is named, and all may connect. */
function peers(plan: LabPlan, direction: 'from' | 'to', name: string): Group {
  if (!plan.nodes.some((node) => node.name === name)) return {}
  return { [direction]: [{ podSelector: { matchLabels: selectorOf(plan, name) } }] }
}

/** A policy sees the port of the pod, behind the service. */
function port({ to, port: dialled, protocol }: FirewallRule, target: NodePlan): Group {
  const face = target.faces.find(({ address }) => address === to.address)?.name ?? 'internal'
  const opened = portsOf(target, face).find((pair) => pair.dialled === dialled)?.opened ?? dialled
  return { protocol: protocol.toUpperCase(), port: opened }
}

function fromDirectoryJob(plan: LabPlan, node: NodePlan): Group {
  return {
    from: [{ podSelector: { matchLabels: selectorOf(plan, 'directory') } }],
    ports: portsOf(node, 'internal').map(({ opened }) => ({ protocol: 'TCP', port: opened })),
  }
}

/** The DNS of the cluster, wherever it runs. */
const names: Group = {
  to: [{ namespaceSelector: {} }],
  ports: [
    { protocol: 'UDP', port: 53 },
    { protocol: 'TCP', port: 53 },
  ],
}
