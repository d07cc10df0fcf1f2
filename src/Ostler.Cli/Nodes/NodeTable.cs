using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;

namespace Ostler.Cli.Nodes;

/// <summary>The nodes, a line each: what they run and how far they are.</summary>
internal static class NodeTable
{
    private const string ZoneLabel = "topology.kubernetes.io/zone";

    public static IEnumerable<Line> Lines(IReadOnlyList<Node> nodes, IReadOnlyList<NodeOS> systems, IReadOnlyList<UpgradePolicy> policies, bool wide)
    {
        if (nodes.Count == 0)
        {
            return [new("No such node.")];
        }

        var byName = systems.ToDictionary(s => s.Metadata.Name, StringComparer.Ordinal);
        string[] columns = ["NAME", "POLICY", "STEP", "BOOTED", "TARGET", "NODE", "MESSAGE"];
        string[] more = ["ZONE", "GOAL", "BACKEND", "AGENT", "DRIFT", "DIGEST"];
        var table = new TextTable(wide ? [.. columns[..^1], .. more, columns[^1]] : columns);
        foreach (var node in nodes.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            var os = byName.GetValueOrDefault(node.Name);
            var matching = policies.Where(p => p.Spec.NodeSelector.Matches(node.Metadata.Labels)).Select(p => p.Metadata.Name).Order(StringComparer.Ordinal);
            var (step, tone, message) = Standing(node, os, policies);
            string?[] cells = [node.Name, string.Join(',', matching), step, Tree(os?.Status?.Booted), Target(os), State(node), message];
            string?[] extra = [node.Metadata.Labels?.GetValueOrDefault(ZoneLabel), os?.Spec.Goal.ToString(), os?.Status?.Backend, os?.Status?.AgentVersion, Drift(os?.Status?.Drift), os?.Status?.Booted?.Digest];
            table.Add(tone, wide ? [.. cells[..^1], .. extra, cells[^1]] : cells);
        }

        return table.Lines();
    }

    // What the controller says of a node in flight, or blocked, knows more than the agent: pods, budgets, the soak.
    private static (string? Step, Tone Tone, string? Message) Standing(Node node, NodeOS? os, IReadOnlyList<UpgradePolicy> policies)
    {
        if (policies.SelectMany(p => p.Status?.InFlight ?? []).FirstOrDefault(f => f.Node == node.Name) is { } flight)
        {
            return (flight.Step.ToString(), Tone.Plain, $"{flight.Reason}: {flight.Message}");
        }

        var blocked = policies.SelectMany(p => p.Status?.Blocked ?? []).FirstOrDefault(b => b.Node == node.Name);
        if (os?.Status is not { } status)
        {
            return (null, Tone.Attention, blocked is null ? os is null ? "No NodeOS. Check that the controller runs." : "The agent has not reported. Check its pod on the node." : $"{blocked.Reason}: {blocked.Message}");
        }

        if (os.Spec.Failure is { } failure)
        {
            return (status.Step.ToString(), Tone.Bad, $"{failure.Reason}: {failure.Message}");
        }

        if (blocked is not null)
        {
            return (status.Step.ToString(), Tone.Attention, $"{blocked.Reason}: {blocked.Message}");
        }

        return status.LastError is null && DriftFacts.Of(status) is { } drift
            ? (status.Step.ToString(), Tone.Attention, $"{DriftFacts.WordFor(drift)}: {DriftFacts.Describe(drift)}")
            : (status.Step.ToString(), status.Step == NodeStep.Updated ? Tone.Good : Tone.Plain, status.LastError is { } error ? $"{error.Reason}: {error.Message}" : null);
    }

    // Files of /etc alone are no drift, and yet what people look for first when one node of many is not as the others.
    private static string? Drift(DriftStatus? drift) => drift is null ? null : drift.EtcChanges > 0 ? $"{drift.Reason},etc:{Format.Number(drift.EtcChanges)}" : drift.Reason;

    private static string? Tree(Deployment? deployment) => deployment is null ? null : deployment.Version is { Length: > 0 } version ? version : Digest.Shorten(deployment.Digest);

    private static string? Target(NodeOS? os) => os?.Spec.Image is { } image ? image.Version is { Length: > 0 } version ? version : Digest.Shorten(image.Digest) : null;

    private static string State(Node node) =>
        (node.IsReady ? "Ready" : "NotReady")
            + (node.CordonedBy is { } policy ? $",Cordoned({policy})" : node.Unschedulable ? ",Cordoned" : "")
        + (node.Hold is null ? "" : ",Held");
}
