using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Cli.Doctor;

/// <summary>Does a controller lead, and does an agent report from every node?</summary>
internal static class AgentCheck
{
    public static IEnumerable<Finding> Controller(ClusterFacts facts)
    {
        var unseen = facts.Active.Where(p => p.Status is null || p.Status.ObservedGeneration < p.Metadata.Generation).Select(p => p.Metadata.Name).ToArray();
        const string Remedy = "run kubectl -n {0} get pods, and check the log of ostler-controller";
        var remedy = Remedy.Replace("{0}", facts.Namespace, StringComparison.Ordinal);
        if (facts.Lease?.Spec is not { RenewTime: { } renewed } lease)
        {
            yield return new(
                unseen.Length > 0 ? Severity.Broken : Severity.Warning, "Controller",
                $"the lease {facts.Namespace}/ostler-controller does not exist{(unseen.Length > 0 ? $", and {FindingText.Names(unseen)} was not processed" : "")}: no controller has ever led here.",
                $"{remedy}; if it runs in another namespace, add --namespace");
            yield break;
        }

        // Twice its duration: one renewal may be late, and clocks differ.
        var silent = facts.Now - renewed;
        if (silent > TimeSpan.FromSeconds(2 * (lease.LeaseDurationSeconds ?? 15)) || string.IsNullOrEmpty(lease.HolderIdentity))
        {
            yield return new(Severity.Broken, "Controller", $"none leads. The lease {facts.Namespace}/ostler-controller was last renewed {Ostler.Cli.Output.Format.Span(silent)} ago by {(lease.HolderIdentity is { Length: > 0 } last ? last : "no one")}.", remedy);
        }
        else if (unseen.Length > 0)
        {
            yield return new(Severity.Warning, "Controller", $"{lease.HolderIdentity} leads, but has not processed the latest spec of {FindingText.Names(unseen)} yet.", $"if that persists, {remedy}");
        }
        else
        {
            yield return new(Severity.Fine, "Controller", $"{lease.HolderIdentity} leads.");
        }
    }

    public static IEnumerable<Finding> Agents(ClusterFacts facts)
    {
        var systems = facts.Systems.ToDictionary(s => s.Metadata.Name, StringComparer.Ordinal);
        var never = facts.Nodes.Where(n => NodeMarks.WhyNoAgent(n.Metadata.Labels) is not null).ToArray();
        var nodes = facts.Nodes.Except(never).ToArray();
        if (never.Length > 0)
        {
            yield return new(
                Severity.Note, "Agents",
                $"no agent can run on {FindingText.Names(never.Select(n => n.Name))} ({string.Join(", ", never.Select(n => NodeMarks.WhyNoAgent(n.Metadata.Labels)).Distinct())}): policies skip these nodes.");
        }

        var without = nodes.Where(n => !systems.ContainsKey(n.Name)).Select(n => n.Name).ToArray();
        var mute = nodes.Where(n => systems.TryGetValue(n.Name, out var s) && s.Status?.Booted is null).Select(n => n.Name).ToArray();
        var silent = facts.Policies.SelectMany(p => p.Status?.Blocked ?? []).Where(b => b.Reason is Reasons.AgentSilent or Reasons.AgentMissing)
            .Concat(facts.Policies.SelectMany(p => p.Status?.InFlight ?? []).Where(f => f.Reason == Reasons.AgentSilent).Select(f => new BlockedNode { Node = f.Node, Reason = f.Reason }))
            .Select(b => b.Node).Distinct().Except(without).Except(mute).ToArray();
        if (without.Length > 0)
        {
            yield return new(Severity.Broken, "Agents", $"no NodeOS for {FindingText.Names(without)}. The controller creates one for each Node.", "check the controller first; it needs the right to create nodeoses");
        }

        if (mute.Length > 0)
        {
            yield return new(
                Severity.Broken, "Agents", $"no agent has reported from {FindingText.Names(mute)}. These nodes are not upgraded.",
                $"run kubectl -n {facts.Namespace} get pods -o wide, and check the log of ostler-agent on the node; it tolerates every taint and needs a host with ostree");
        }

        if (silent.Length > 0)
        {
            yield return new(Severity.Warning, "Agents", $"silent on {FindingText.Names(silent)}: the agent does not act on its instructions.", $"run kubectl -n {facts.Namespace} get pods -o wide, and check the log of ostler-agent on the node");
        }

        if (without.Length + mute.Length + silent.Length == 0)
        {
            yield return facts.Nodes.Count == 0
                ? new(Severity.Warning, "Agents", "the cluster has no nodes.", "add nodes")
                : new(Severity.Fine, "Agents", $"all {facts.Nodes.Count} nodes report.");
        }

        var versions = facts.Systems.Select(s => s.Status?.AgentVersion).OfType<string>().Distinct().ToArray();
        if (versions.Length > 1)
        {
            yield return new(Severity.Note, "Agents", $"{versions.Length} versions: {FindingText.Names(versions)}.", "wait until the DaemonSet is rolled out, or find out why it is not");
        }
    }

    /// <summary>Cordons of policies that are gone: nobody takes them away any more.</summary>
    public static IEnumerable<Finding> Cordons(ClusterFacts facts)
    {
        var names = facts.Policies.Select(p => p.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in facts.Nodes.Where(n => n.CordonedBy is { } policy && !names.Contains(policy)).OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            yield return new(
                Severity.Warning, $"Node {node.Name}", $"it is cordoned for UpgradePolicy {node.CordonedBy}, which does not exist.",
                $"the controller releases it once its agent reports; by hand: kubectl uncordon {node.Name} && kubectl annotate node {node.Name} {NodeAnnotations.CordonedBy}- {NodeAnnotations.CordonedAt}-");
        }
    }
}
