using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.OSImages;

/// <summary>What a policy's rollouts say about digests.</summary>
public sealed record PolicyFailures
{
    public required string Policy { get; init; }

    /// <summary>The image that it names now.</summary>
    public required string Image { get; init; }

    /// <summary>spec.rollout.retryFailuresBefore: what failed by then is forgiven.</summary>
    public DateTimeOffset? RetryFailuresBefore { get; init; }

    /// <summary>status.failedDigests.</summary>
    public IReadOnlyList<FailedDigest> FailedDigests { get; init; } = [];
}

/// <summary>Which digests of an image no node may get.</summary>
internal static class Quarantine
{
    private const int Most = 100;

    /// <summary>
    /// What people deny; what was in quarantine and nobody lifted; what a policy has failed with since. The record is the OSImage's own: it
    /// outlives the policy that failed, and a GitOps tool that applies the same tree again does not undo it.
    /// </summary>
    public static IReadOnlyList<QuarantinedDigest> Merge(
        string image,
        OSImageSpec spec,
        IReadOnlyList<QuarantinedDigest>? former,
        HashSet<string> known,
        IReadOnlyList<PolicyFailures> policies,
        DateTimeOffset now)
    {
        var entries = new Dictionary<string, QuarantinedDigest>(StringComparer.Ordinal);
        foreach (var entry in former ?? [])
        {
            if (entry.Policy is { Length: > 0 } policy && !policies.Any(p => p.Policy == policy && entry.Since <= p.RetryFailuresBefore))
            {
                entries[entry.Digest] = entry;
            }
        }

        foreach (var policy in policies.OrderBy(p => p.Policy, StringComparer.Ordinal))
        {
            foreach (var failed in policy.FailedDigests)
            {
                // A digest that this image never was is for another image to keep away.
                if ((policy.Image == image || known.Contains(failed.Digest)) && !(failed.At <= policy.RetryFailuresBefore))
                {
                    Add(entries, policy.Policy, failed);
                }
            }
        }

        foreach (var digest in spec.Quarantine?.Allow ?? [])
        {
            entries.Remove(digest);
        }

        foreach (var digest in spec.Quarantine?.Deny ?? [])
        {
            var since = (former ?? []).FirstOrDefault(q => q.Digest == digest && string.IsNullOrEmpty(q.Policy))?.Since ?? now.TruncateToSeconds();
            entries[digest] = new() { Digest = digest, Reason = Reasons.Denied, Since = since };
        }

        return [.. entries.Values.OrderByDescending(e => e.Since).ThenBy(e => e.Digest, StringComparer.Ordinal).Take(Most)];
    }

    // The last failure counts: a retry that a person asked for before it does not lift the entry.
    private static void Add(Dictionary<string, QuarantinedDigest> entries, string policy, FailedDigest failed)
    {
        if (!entries.TryGetValue(failed.Digest, out var entry))
        {
            entries[failed.Digest] = new() { Digest = failed.Digest, Reason = failed.Reason, Policy = policy, Since = failed.At.TruncateToSeconds() };
        }
        else if (entry.Policy == policy && failed.At > entry.Since)
        {
            entries[failed.Digest] = entry with { Since = failed.At.TruncateToSeconds() };
        }
    }
}
