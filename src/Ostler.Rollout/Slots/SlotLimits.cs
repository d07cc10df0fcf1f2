using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Slots;

/// <summary>What limits slots beside maxUnavailable: how many domains may be disrupted at once, and the control plane.</summary>
internal sealed class SlotLimits
{
    private readonly RolloutContext _context;
    private readonly TopologySpec? _topology;
    private readonly HashSet<string>? _domains;
    private string? _granted;
    private IReadOnlyList<ControlPlaneNode>? _controlPlane;

    public SlotLimits(RolloutContext context)
    {
        _context = context;
        _topology = context.Spec.Rollout.Topology;
        if (_topology is not null)
        {
            _domains = new(StringComparer.Ordinal);
            foreach (var node in context.Nodes)
            {
                if (node.InFlight)
                {
                    _domains.Add(DomainOf(_topology, node.Facts));
                }
            }
        }
    }

    /// <summary>Whether one of the candidates may be refused; if not, none but those that get a slot need be looked at.</summary>
    public bool MayRefuse(List<int> candidates, DecidedNodes nodes) =>
        _topology is not null || candidates.Exists(i => nodes[i].Node.IsControlPlane);

    /// <summary>Why the node may not be disrupted now; null when it may.</summary>
    public (string Reason, string Message)? Refusal(NodeFacts node)
    {
        if (node.IsControlPlane && OutOfService(node.Name) is { } other)
        {
            return (
                Reasons.WaitingForControlPlane,
                $"Control-plane nodes are upgraded one at a time, and {other} is not Ready, cordoned or in flight.");
        }

        return _topology is not null && !_domains!.Contains(DomainOf(_topology, node)) && _domains.Count >= _topology.MaxDomainsAtOnce
            ? (
                Reasons.WaitingForDomain,
                $"Waiting until nodes of {MessageText.List([.. _domains.Order(StringComparer.Ordinal)])} finish ({_topology.Key}, "
                + $"spec.rollout.topology.maxDomainsAtOnce {_topology.MaxDomainsAtOnce}).")
            : null;
    }

    /// <summary>The node got a slot.</summary>
    public void Take(NodeFacts node)
    {
        if (_topology is not null)
        {
            _domains!.Add(DomainOf(_topology, node));
        }

        if (node.IsControlPlane)
        {
            _granted = node.Name;
        }
    }

    /// <summary>The value of the label. A node without it is a domain of its own; no value of a label has a slash.</summary>
    internal static string DomainOf(TopologySpec topology, NodeFacts node) => node.Labels?.GetValueOrDefault(topology.Key) ?? $"node/{node.Name}";

    private string? OutOfService(string candidate)
    {
        if (_granted is not null)
        {
            return _granted;
        }

        // The whole control plane, and beside it what the policy selects: a snapshot need not name the latter twice.
        _controlPlane ??=
        [
            .. _context.Snapshot.ControlPlane,
            .. _context.Nodes.Select(n => n.Facts).Where(n => n.IsControlPlane)
                .Select(n => new ControlPlaneNode(n.Name, n is { Ready: true, Unschedulable: false, CordonedBy: null } && n.OS?.Spec.IsUnderWay() != true)),
        ];
        return _controlPlane.Where(n => !n.InService && n.Name != candidate).Select(n => n.Name).Min(StringComparer.Ordinal);
    }
}
