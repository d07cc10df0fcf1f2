using Ostler.Api.Meta;
using Ostler.Rollout.Snapshot;

namespace Ostler.Cli.Doctor;

/// <summary>Does each node run its tree as it was made?</summary>
internal static class DriftCheck
{
    public static IEnumerable<Finding> Look(ClusterFacts facts)
    {
        var drifted = facts.Systems.Where(s => DriftFacts.Of(s.Status) is not null).OrderBy(s => s.Metadata.Name, StringComparer.Ordinal).ToArray();
        foreach (var kind in drifted.GroupBy(s => DriftFacts.WordFor(s.Status!.Drift!)).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var first = kind.First();
            yield return new(
                Severity.Warning, "Drift", $"{FindingText.Names(kind.Select(s => s.Metadata.Name))}: {kind.Key}. On {first.Metadata.Name}: {DriftFacts.Describe(first.Status!.Drift!)}",
                kind.Key switch
                {
                    Reasons.UnexpectedTree => "disable the program that updates the host; the policy upgrades the node at most three times",
                    Reasons.RemoteChanged => "correct the remote on the host (ostree remote), or spec.ostree.url of the OSImage",
                    _ => "undo it on the host, or set spec.drift of the policy to Reconcile, which deploys the image again and reboots; /etc is kept",
                });
        }

        if (drifted.Length == 0 && facts.Systems.Any(s => s.Status?.Conditions.Find(ConditionTypes.Drifted) is not null))
        {
            yield return new(Severity.Fine, "Drift", "every node that reports runs its image unchanged, except for /etc.");
        }
    }
}
