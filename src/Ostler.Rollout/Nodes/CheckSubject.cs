using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Context;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Nodes;

/// <summary>A node whose checks the controller is to run, from now on and until it is not told of any more.</summary>
public sealed record CheckSubject
{
    public required string Node { get; init; }

    /// <summary>What was found in a former attempt, in a former boot or on a former Node of this name says nothing.</summary>
    public required CheckEpoch Epoch { get; init; }

    /// <summary>Its internal IP, for <c>{address}</c>.</summary>
    public string? Address { get; init; }

    /// <summary>The controller's checks, and no others.</summary>
    public required IReadOnlyList<HealthCheck> Checks { get; init; }

    /// <summary>What was written down for checks of pods.</summary>
    public IReadOnlyList<ReadyPods>? ReadyBefore { get; init; }

    /// <summary>
    /// The nodes that are verified: told to boot, up with the ordered tree, and their kubelet reports from that boot. Before that a check would measure the
    /// reboot.
    /// </summary>
    internal static IReadOnlyList<CheckSubject> Find(RolloutContext context)
    {
        var snapshot = context.Snapshot;
        var checks = (snapshot.Policy.Spec?.Health.Checks ?? []).Where(static c => CheckKinds.RunnerOf(c) == CheckRunner.Controller).ToArray();
        NodeFacts[] told = checks.Length == 0 ? [] : [.. snapshot.Nodes.Where(n => n is { Deleting: false, OS.Spec.Goal: Goal.Boot })];
        if (told.Length == 0)
        {
            return [];
        }

        return
        [
            .. told.Select(n => new NodeView(context, n))
                .Where(v => v is { Bound: true, HasBooted: true } && v.Runs(v.Spec.Image?.Digest) && Verification.KubeletIsReady(v).Passed)
                .Select(v => new CheckSubject
                {
                    Node = v.Node.Name,
                    Epoch = new(v.Node.Uid, v.Spec.Attempt, v.Status!.BootSessionID()!),
                    Address = v.Node.Address,
                    Checks = checks,
                    ReadyBefore = v.Spec.ReadyBefore,
                }),
        ];
    }
}

/// <summary>The boot that checks are about.</summary>
public readonly record struct CheckEpoch(string NodeUid, long Attempt, string BootID);
