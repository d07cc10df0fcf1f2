using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.OSImages;

namespace Ostler.Controller.Console.Views;

/// <summary>The whole fleet as the console shows it. Pure: from what the API server stores, and nothing else.</summary>
internal sealed record FleetView(IReadOnlyList<NodeRow> Nodes, IReadOnlyList<PolicyRow> Policies, IReadOnlyList<ImageRow> Images)
{
    /// <summary>The step of a node whose agent has not reported.</summary>
    public const string Unknown = "Unknown";

    private const string ZoneLabel = "topology.kubernetes.io/zone";
    private const string OldZoneLabel = "failure-domain.beta.kubernetes.io/zone";

    // Long texts are for the page of the node; two thousand of them are not for every stream.
    private const int MaxMessage = 400;

    public static FleetView Of(IReadOnlyList<Node> nodes, IReadOnlyList<NodeOS> systems, IReadOnlyList<UpgradePolicy> policies, IReadOnlyList<OSImage> images)
    {
        var systemOf = systems.ToDictionary(s => s.Metadata.Name, StringComparer.Ordinal);
        var policyViews = policies.OrderBy(p => p.Metadata.Name, StringComparer.Ordinal).Select(p => new PolicyView(p, images.FirstOrDefault(i => i.Metadata.Name == p.Spec.ImageRef.Name))).ToArray();
        return new(
            [.. nodes.Select(node => RowOf(node, systemOf.GetValueOrDefault(node.Name), policyViews))],
            [.. policyViews.Select(p => RowOf(p.Policy))],
            [.. images.Select(RowOf)]);
    }

    private static NodeRow RowOf(Node node, NodeOS? found, PolicyView[] policies)
    {
        // A NodeOS of a former node of that name says nothing of this one.
        var os = found is not null && NodeMapping.BelongsTo(found, node) ? found : null;
        PolicyView[] selecting = [.. policies.Where(p => p.Policy.Spec.NodeSelector.Matches(node.Metadata.Labels))];
        var flight = policies.Select(p => p.InFlight.GetValueOrDefault(node.Name)).FirstOrDefault(f => f is not null);
        var blocked = policies.Select(p => p.Blocked.GetValueOrDefault(node.Name)).FirstOrDefault(b => b is not null);
        var owner = selecting is [var only] ? only : null;
        var (spec, status) = (os?.Spec, os?.Status);
        var step = StepOf(node, os, flight, owner);

        // A failure with another tree is over when there is a new one.
        var failure = spec?.Failure is { } failed && (owner is null || owner.Trees.Count == 0 || owner.Trees.Contains(failed.Digest)) ? failed : null;
        var (reason, message) = Why(flight, blocked, failure, status, os);
        var (granted, boot, healthy, completed) = Times(spec);
        return new()
        {
            Name = node.Name,
            Zone = node.Metadata.Labels?.GetValueOrDefault(ZoneLabel) ?? node.Metadata.Labels?.GetValueOrDefault(OldZoneLabel),
            Policy = selecting.Length == 0 ? null : string.Join(", ", selecting.Select(p => p.Policy.Metadata.Name)),
            Step = step,
            Booted = status?.Booted is { } booted ? Name(booted.Version, booted.Digest) : null,
            Target = owner?.Policy.Status?.Target is { } target ? Name(target.Version, target.Digest) : null,
            Ready = node.Ready?.Status == "True",
            Cordon = node.CordonedBy ?? (node.Unschedulable ? "another user" : null),
            Hold = node.Hold is { } hold ? HoldOf(hold) : null,
            Blocked = blocked is not null,
            Drifted = (status?.Conditions).IsTrue(ConditionTypes.Drifted),
            Reason = reason,
            Message = message is { Length: > MaxMessage } ? message[..(MaxMessage - 1)] + "…" : message,
            Since = flight?.Since,
            GrantedAt = granted,
            BootRequestedAt = boot,
            BootedAt = boot is null ? null : status?.Timings?.BootedAt is { } kernel && kernel >= boot.Value.AddMinutes(-1) ? kernel : null,
            HealthySince = healthy,
            CompletedAt = completed,
            FailedAt = failure?.At,
        };
    }

    private static string HoldOf(NodeHold hold) => (hold.By, hold.Reason) switch
    {
        ({ Length: > 0 } by, { Length: > 0 } reason) => $"{by}: {reason}",
        ({ Length: > 0 } by, _) => by,
        (_, { Length: > 0 } reason) => reason,
        (_, _) => "without a reason",
    };

    /// <summary>
    /// The step as the policy reports it, which knows of pods and soaks; of the nodes beyond those that it lists, what Node and NodeOS say
    /// together.
    /// </summary>
    private static string StepOf(Node node, NodeOS? os, InFlightNode? flight, PolicyView? owner)
    {
        if (flight is not null)
        {
            return flight.Step.ToString();
        }

        if (os?.Status is not { } status)
        {
            return Unknown;
        }

        var runsTarget = status.Booted is { } booted && owner?.Trees.Contains(booted.Digest) == true;
        return status.Step switch
        {
            NodeStep.Staged when node.CordonedBy is not null => nameof(NodeStep.Cordoned),
            NodeStep.Verifying when os.Spec.HealthySince is not null => nameof(NodeStep.Soaking),

            // The agent speaks of its last attempt. Whether that was for the tree of today, it cannot know.
            NodeStep.Idle when runsTarget => nameof(NodeStep.Updated),
            NodeStep.Updated when owner is { Trees.Count: > 0 } && !runsTarget => nameof(NodeStep.Idle),
            NodeStep.RolledBack when owner is { Trees.Count: > 0 } && os.Spec.Failure is { } failure && !owner.Trees.Contains(failure.Digest) => nameof(NodeStep.Idle),
            NodeStep.Idle or NodeStep.Staging or NodeStep.Staged or NodeStep.Cordoned or NodeStep.Drained or NodeStep.Rebooting or NodeStep.Verifying or NodeStep.Soaking
                or NodeStep.Updated or NodeStep.RollingBack or NodeStep.RolledBack or NodeStep.Failed => status.Step.ToString(),
        };
    }

    private static (string? Reason, string? Message) Why(InFlightNode? flight, BlockedNode? blocked, NodeFailure? failure, NodeOSStatus? status, NodeOS? os)
    {
        if (blocked is not null)
        {
            return (blocked.Reason, blocked.Message);
        }

        if (flight is not null)
        {
            return (flight.Reason, flight.Message);
        }

        if (failure is not null)
        {
            return (failure.Reason, failure.Message);
        }

        return status switch
        {
            null => (Reasons.AgentMissing, os is null ? "No NodeOS yet." : "The agent has not reported. Check its pod on the node."),
            { LastError: { } error } => (error.Reason, error.Message),
            _ => (null, null),
        };
    }

    // A slot that is held is of the present attempt; else there is the record of the last one, if that was complete.
    private static (DateTimeOffset? Granted, DateTimeOffset? Boot, DateTimeOffset? Healthy, DateTimeOffset? Completed) Times(NodeOSSpec? spec) => spec switch
    {
        null => default,
        { GrantedAt: null, LastUpgrade: { } done } => (done.GrantedAt, done.BootRequestedAt, done.HealthySince, done.CompletedAt),
        _ => (spec.GrantedAt, spec.BootRequestedAt, spec.HealthySince, null),
    };

    private static PolicyRow RowOf(UpgradePolicy policy) => new()
    {
        Name = policy.Metadata.Name,
        Image = policy.Spec.ImageRef.Name,
        Paused = policy.Spec.Paused,
        MaxUnavailable = policy.Spec.Rollout.MaxUnavailable.ToString(),
        Soak = policy.Spec.Rollout.Soak.ToString(),
        Windows = string.Join("; ", (policy.Spec.Windows ?? []).Select(w => $"{w.Schedule} for {w.Duration} ({w.TimeZone})")),
        DependsOn = string.Join(", ", policy.Spec.DependsOn ?? []),
        Current = policy.Status?.ObservedGeneration == policy.Metadata.Generation,
        Status = policy.Status,
    };

    private static ImageRow RowOf(OSImage image) => new()
    {
        Name = image.Metadata.Name,
        Source = OSImageStatusRules.ReferenceOf(image.Spec),
        Pinned = OSImageStatusRules.PinOf(image.Spec) is not null,
        PollInterval = OSImageStatusRules.PinOf(image.Spec) is null && image.Spec.PollInterval.Value > TimeSpan.Zero
            ? image.Spec.PollInterval.ToString()
            : null,
        MinAge = image.Spec.MinAge.Value > TimeSpan.Zero ? image.Spec.MinAge.ToString() : null,
        Signed = image.Spec.Container?.Verification is not null,
        Quarantine = image.Spec.Quarantine,
        Current = image.Status?.ObservedGeneration == image.Metadata.Generation,
        Status = image.Status,
    };

    private static string Name(string? version, string digest) => version is { Length: > 0 } ? version : Digest.Shorten(digest);

    /// <summary>A policy with what is looked up in it for every node.</summary>
    private sealed class PolicyView
    {
        public PolicyView(UpgradePolicy policy, OSImage? image)
        {
            Policy = policy;
            InFlight = ByName(policy.Status?.InFlight, f => f.Node);
            Blocked = ByName(policy.Status?.Blocked, b => b.Node);
            if (policy.Status?.Target is { } target)
            {
                Trees.Add(target.Digest);

                // A node reports the manifest of its own platform; the policy names the index.
                if (image?.Status?.Resolved is { Platforms: { } platforms } resolved && resolved.Digest == target.Digest)
                {
                    Trees.UnionWith(platforms.Select(p => p.Digest));
                }
            }
        }

        public UpgradePolicy Policy { get; }

        public Dictionary<string, InFlightNode> InFlight { get; }

        public Dictionary<string, BlockedNode> Blocked { get; }

        /// <summary>The digests that are the target; empty while there is none.</summary>
        public HashSet<string> Trees { get; } = new(StringComparer.Ordinal);

        private static Dictionary<string, T> ByName<T>(IReadOnlyList<T>? items, Func<T, string> name)
        {
            var byName = new Dictionary<string, T>(StringComparer.Ordinal);
            foreach (var item in items ?? [])
            {
                byName[name(item)] = item;
            }

            return byName;
        }
    }
}
